// Talking: everybody hears everything once, in one order.

import { CanvasPage, expect, test } from "../fixtures.ts";

test("two people and a second tab talk", { tag: "@phone" }, async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const herSecond = await alice.open(canvas);
  const his = await bob.open(canvas);

  for (const tab of [hers, herSecond, his]) await tab.show("Chat");
  await hers.say("Hello Bob");
  await expect(his.messages).toHaveText([/Hello Bob/]);
  await his.say("Hello Alice");
  await herSecond.say("And from my other tab");

  for (const tab of [hers, herSecond, his]) {
    await expect
      .poll(() => tab.said())
      .toEqual(["Hello Bob", "Hello Alice", "And from my other tab"]);
    for (const message of await tab.messages.all()) {
      await expect(message).toHaveAttribute("data-state", "sent");
    }
  }
});

test("history is there after a reload", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.say("First");
  await tab.say("Second");
  await expect(tab.messages).toHaveCount(2);
  await expect(tab.messages.last()).toHaveAttribute("data-state", "sent");
  await tab.page.reload();
  await tab.isLive();
  await expect.poll(() => tab.said()).toEqual(["First", "Second"]);
});

test("typing is seen by the other, and ends when it is sent", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.message.pressSequentially("Hel");
  await expect(his.typing).toHaveText("Alice is typing");
  await expect(hers.typing).toHaveText("");
  await hers.message.press("Enter");
  await expect(his.messages).toHaveText([/Hel/]);
  await expect(his.typing).toHaveText("");
});

test("text is shown as text", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const text = "<b>bold</b> <img src=x onerror=alert(1)> & ünïcödé 🌟";
  await hers.say(text);
  await expect.poll(() => his.said()).toEqual([text]);
});

test("several who write are named together", async ({ alice, bob, newUser, canvas }) => {
  const carol = await newUser("Carol");
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const third = await carol.open(canvas);
  await his.message.pressSequentially("b");
  await third.message.pressSequentially("c");
  await expect(hers.typing).toHaveText("Bob and Carol are typing");
});

test("a tile in a message leads there, and shows it to all", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.say("Look at @6,1, not at @99,99 or me@2,2");
  const message = his.messages.first();
  // Only a tile that is there is a way to it.
  await expect(message.getByRole("button", { name: /^Go to tile/ })).toHaveCount(1);
  await message.getByRole("button", { name: "Go to tile 6, 1" }).click();
  await expect
    .poll(async () => (await his.camera()).x)
    .toBe(6.5 * canvas.tile_size);
  await expect(hers.notices).toContainText("Bob points at tile 6, 1");
  await his.show("Tile");
  await expect(his.panel("Tile")).toContainText("Tile 6, 1");
});

test("a tile that is Shift-clicked is named in the message", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.message.fill("Who draws ");
  const { x, y } = await hers.toScreen({ x: 2, y: 5 }, { x: 8, y: 8 });
  await hers.page.keyboard.down("Shift");
  await hers.page.mouse.click(x, y);
  await hers.page.keyboard.up("Shift");
  await expect(hers.message).toHaveValue("Who draws @2,5 ");
  await expect(hers.message).toBeFocused();
  await hers.page.keyboard.type("with me?");
  await hers.page.keyboard.press("Enter");
  await expect.poll(() => his.said()).toEqual(["Who draws @2,5 with me?"]);
  await expect(his.notices).toContainText("Alice points at tile 2, 5");
});

test("a name is completed, and whoever is named hears of it", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await his.show("People");
  await hers.message.pressSequentially("Hi @bo");
  const names = hers.page.getByRole("listbox", { name: "People" });
  await expect(names.getByRole("option")).toHaveText([/Bob/]);
  await expect(names.getByRole("option", { selected: true })).toContainText("Bob");
  await hers.page.keyboard.press("Enter");
  const name = bob.account.username;
  await expect(hers.message).toHaveValue(`Hi @${name} `);
  await expect(names).toBeHidden();
  await hers.page.keyboard.type("look");
  await hers.page.keyboard.press("Enter");
  await expect(his.notices).toContainText("Alice mentioned you: Hi @Bob look");

  // Escape offers no more, and sends nothing.
  await hers.message.pressSequentially("@b");
  await expect(names).toBeVisible();
  await hers.page.keyboard.press("Escape");
  await expect(names).toBeHidden();
  await expect(hers.message).toHaveValue("@b");
  await expect(hers.messages).toHaveCount(1);
});

test("what came while one looked elsewhere is counted and marked", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.show("Chat");
  await his.show("Chat");
  await hers.say("One");
  await expect(his.messages).toHaveCount(1);
  await his.show("People");
  await hers.say("Two");
  await hers.say("Three");
  const tab = his.page.getByRole("tab", { name: "Chat", exact: true });
  await expect(tab).toHaveAccessibleDescription("2 new messages");
  await expect(tab).toContainText("2");
  await expect(his.page).toHaveTitle(/^\(2\) Test canvas/);
  await his.show("Chat");
  await expect(tab).toHaveAccessibleDescription("");
  await expect(his.page).toHaveTitle(/^Test canvas/);
  const lines = his.page.getByRole("list", { name: "Messages" }).getByRole("listitem");
  await expect(lines).toHaveText([/Today/, /One/, "New messages", /Two/, /Three/]);
});

test("what one reads as it comes, and one's own words, are not marked as new", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.say("One");
  await expect(his.messages).toHaveCount(1);
  // Looking away and back misses nothing.
  await his.show("People");
  await his.show("Chat");
  await his.say("Two");
  await hers.say("Three");
  await expect.poll(() => his.said()).toEqual(["One", "Two", "Three"]);
  await expect(his.page.getByText("New messages")).toBeHidden();
});

test("days are told apart", async ({ alice, canvas }) => {
  await alice.says(canvas, ["Good night"]);
  const page = await alice.context.newPage();
  await page.clock.setFixedTime(Date.now() + 24 * 3_600_000);
  await page.goto(`/canvas/${canvas.id}`);
  const lines = page.getByRole("list", { name: "Messages" }).getByRole("listitem");
  await expect(lines).toHaveText(["Yesterday", /Good night/]);
});

test("a long history is there by scrolling up", async ({ alice, bob, canvas }) => {
  const texts = Array.from({ length: 130 }, (_, number) => `Message ${number + 1}`);
  await alice.says(canvas, texts);
  const tab = await bob.open(canvas);
  await expect(tab.messages).toHaveCount(50);
  await expect(tab.messages.last()).toBeInViewport();
  const history = tab.page.getByRole("group", { name: "Chat history" });
  await history.hover();
  await tab.page.mouse.wheel(0, -10_000);
  await expect(tab.messages).toHaveCount(100);
  // What one reads stays where it is while older messages come in above.
  await expect(tab.messages.filter({ hasText: /Message 8\d/ }).first()).toBeInViewport();
  await expect(async () => {
    await tab.page.mouse.wheel(0, -10_000);
    await expect(tab.messages).toHaveCount(130, { timeout: 500 });
  }).toPass();
  await expect(tab.page.getByText("This is where it all began")).toBeVisible();
  expect(await tab.said()).toEqual(texts);
});

test("while one reads what is older, the newest waits below", async ({ alice, bob, canvas }) => {
  await alice.says(canvas, Array.from({ length: 40 }, (_, number) => `Message ${number}`));
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await expect(his.messages.last()).toBeInViewport();
  await his.page.getByRole("group", { name: "Chat history" }).hover();
  await his.page.mouse.wheel(0, -10_000);
  await expect(his.messages.first()).toBeInViewport();
  await hers.say("Newest");
  const jump = his.page.getByRole("button", { name: "1 new message" });
  await expect(jump).toBeVisible();
  await expect(his.messages.last()).not.toBeInViewport();
  await jump.click();
  await expect(his.messages.last()).toBeInViewport();
  await expect(jump).toBeHidden();
});

test("a message that is refused can be sent again or discarded", async ({ alice, bob, canvas }) => {
  const page = await alice.context.newPage();
  let refuse = true;
  // The server's word is changed on the way: a refusal that it gives only when it breaks.
  await page.routeWebSocket(/\/ws\/canvas\//, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const request = JSON.parse(text.toString()) as { type: string; op_id?: string };
      if (refuse && request.type === "canvas_chat") {
        const { op_id } = request;
        socket.send(JSON.stringify({ type: "error", code: "internal", message: "no", op_id }));
      } else {
        server.send(text);
      }
    });
  });
  await page.goto(`/canvas/${canvas.id}`);
  const hers = new CanvasPage(page, canvas);
  await hers.isLive();
  const his = await bob.open(canvas);
  await hers.say("First");
  await hers.say("Second");
  const failed = hers.messages.filter({ hasText: "Not sent" });
  await expect(failed).toHaveCount(2);
  await expect(failed.first()).toContainText("Something went wrong on the server.");
  await failed.filter({ hasText: "Second" }).getByRole("button", { name: "Discard" }).click();
  await expect(hers.messages).toHaveCount(1);
  refuse = false;
  await failed.getByRole("button", { name: "Retry" }).click();
  await expect(hers.messages).toHaveAttribute("data-state", "sent");
  await expect.poll(() => his.said()).toEqual(["First"]);
});

test("the length is counted near its end", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const send = tab.page.getByRole("button", { name: "Send" });
  await expect(send).toBeDisabled();
  await tab.message.fill("a".repeat(1_700));
  await expect(tab.page.getByText(/characters? left/)).toBeHidden();
  await expect(send).toBeEnabled();
  await tab.message.fill("🌟".repeat(1_999));
  await expect(tab.page.getByText("1 character left")).toBeVisible();
  await tab.message.fill("🌟".repeat(2_002));
  await expect(tab.page.getByText("2 characters too many")).toBeVisible();
  await expect(send).toBeDisabled();
  await tab.message.press("Enter");
  await expect(tab.messages).toHaveCount(0);
  await tab.message.fill("🌟".repeat(2_000));
  await tab.message.press("Enter");
  await expect(tab.messages).toHaveAttribute("data-state", "sent");
});

test("Shift+Enter breaks the line", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.message.pressSequentially("Roses");
  await hers.message.press("Shift+Enter");
  await hers.message.pressSequentially("Violets");
  await expect(hers.messages).toHaveCount(0);
  await hers.message.press("Enter");
  await expect.poll(() => his.said()).toEqual(["Roses\nViolets"]);
  await expect(hers.message).toHaveValue("");
});

test("who only looks is asked to sign in", async ({ page, alice, canvas }) => {
  await alice.says(canvas, ["Come in"]);
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await expect.poll(() => tab.said()).toEqual(["Come in"]);
  await expect(tab.message).toBeDisabled();
  await expect(tab.message).toHaveAttribute("placeholder", "Sign in to chat");
  await expect(tab.connection).toHaveText("Signed out");
});
