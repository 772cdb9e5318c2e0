// Answers, edits, links and times in the chat.

import { Fingers } from "../fingers.ts";
import { type CanvasPage, expect, test } from "../fixtures.ts";

/** What a message answers, as it is shown. */
const quote = (tab: CanvasPage, text: string) =>
  tab.row(text).getByRole("button", { name: /^In reply to/ });

/** What stands above the text field. */
const purpose = (tab: CanvasPage) => tab.page.locator("#chat-purpose");

test("an answer quotes the message for all, and leads to it", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  for (const tab of [hers, his]) await tab.show("Chat");
  await hers.say("Who draws the sea?");
  await hers.say("And the sky?");
  await expect(his.messages).toHaveCount(2);
  await his.row("the sea?").click();
  await his.row("the sea?").getByRole("button", { name: "Reply to the message of Alice" }).click();
  await expect(purpose(his)).toContainText("Reply to Alice");
  await expect(purpose(his)).toContainText("Who draws the sea?");
  await expect(his.message).toBeFocused();
  await his.say("I do");
  await expect(purpose(his)).toBeEmpty();
  for (const tab of [hers, his]) {
    await expect(quote(tab, "I do")).toHaveText(/Alice.*Who draws the sea\?/);
  }
  await quote(hers, "I do").click();
  await expect(hers.row("the sea?")).toBeFocused();
  await expect(hers.row("the sea?")).toHaveClass(/message--found/);

  // Escape makes it an ordinary message again.
  await his.row("the sky?").focus();
  await his.page.keyboard.press("r");
  await expect(purpose(his)).toContainText("And the sky?");
  await his.page.keyboard.press("Escape");
  await expect(purpose(his)).toBeEmpty();
  await his.say("Somebody will");
  await expect(hers.row("Somebody will")).toBeVisible();
  await expect(quote(hers, "Somebody will")).toHaveCount(0);
});

test("words that were edited are new for all, in answers too", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.say("Helo");
  await his.row("Helo").focus();
  await his.page.keyboard.press("r");
  await his.say("Hi");
  await expect(quote(hers, "Hi")).toContainText("Helo");

  await hers.message.press("ArrowUp");
  await expect(purpose(hers)).toContainText("Edit your message");
  await expect(hers.message).toHaveValue("Helo");
  await hers.message.fill("Hello all");
  await hers.message.press("Enter");
  await expect(hers.message).toHaveValue("");
  for (const tab of [hers, his]) {
    await expect.poll(() => tab.said()).toEqual(["Hello all", "Hi"]);
    await expect(tab.row("Hello all")).toContainText("edited");
    await expect(quote(tab, "Hi")).toContainText("Hello all");
  }
  await his.page.reload();
  await his.isLive();
  await expect.poll(() => his.said()).toEqual(["Hello all", "Hi"]);

  // The menu edits too; Escape leaves the words, and brings back what was written.
  await hers.message.fill("half a sente");
  await hers.row("Hello all").getByRole("button", { name: "More about the message" }).click();
  await hers.page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(hers.message).toHaveValue("Hello all");
  await hers.message.press("Escape");
  await expect(hers.message).toHaveValue("half a sente");
  // Others' words are not one's own.
  await his.row("Hello all").getByRole("button", { name: "More about the message" }).click();
  await expect(his.page.getByRole("button", { name: "Reply", exact: true })).toBeVisible();
  await expect(his.page.getByRole("button", { name: "Edit", exact: true })).toHaveCount(0);
});

test("an answer shows no words of a message that was removed", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.say("Secret");
  await his.row("Secret").focus();
  await his.page.keyboard.press("r");
  await his.say("I saw it");
  await hers.row("Secret").getByRole("button", { name: "More about the message" }).click();
  await hers.page.getByRole("button", { name: "Remove message" }).click();
  for (const tab of [hers, his]) {
    await expect(quote(tab, "I saw it")).toContainText("A removed message");
    await expect(tab.page.getByText("Secret")).toHaveCount(0);
  }
});

test("what was edited without a network waits over a reload of its queue", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.say("One");
  await expect(hers.messages).toHaveAttribute("data-state", "sent");
  await alice.context.setOffline(true);
  await hers.isAway();
  await hers.message.press("ArrowUp");
  await hers.message.fill("Two");
  await hers.message.press("Enter");
  await expect(hers.messages).toHaveAttribute("data-state", "pending");
  await expect.poll(() => hers.said()).toEqual(["Two"]);
  await expect(hers.messages).toContainText("Waits for the connection");
  expect(await his.said()).toEqual(["One"]);
  await alice.context.setOffline(false);
  await hers.isLive();
  for (const tab of [hers, his]) await expect.poll(() => tab.said()).toEqual(["Two"]);
  await expect(hers.messages).toHaveAttribute("data-state", "sent");
});

test("only safe addresses become links, and their host is shown", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const text =
    "See https://Example.org/a?b=1, http://example.org, https://good.example@evil.example/ and javascript:alert(1)";
  await hers.say(text);
  const links = his.messages.getByRole("link");
  await expect(links).toHaveCount(1);
  await expect(links).toHaveText("https://example.org/a?b=1");
  await expect(links).toHaveAttribute("href", "https://example.org/a?b=1");
  await expect(links).toHaveAttribute("rel", "noopener noreferrer nofollow ugc");
  await expect(links).toHaveAttribute("target", "_blank");
  await expect(links.locator("strong")).toHaveText("example.org");
});

test("every row shows its time to the pointer and to the keyboard", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.say("One");
  await tab.say("Two");
  await tab.say("Three");
  await expect(tab.messages).toHaveCount(3);
  const acts = tab.row("Two").locator(".message__acts");
  await expect(acts).toHaveCSS("opacity", "0");
  await tab.row("Two").hover();
  await expect(acts).toHaveCSS("opacity", "1");
  await expect(acts.getByRole("time")).toHaveText(/^\d\d:\d\d$/);
  await tab.message.hover();
  await expect(acts).toHaveCSS("opacity", "0");
  // Tab reaches the newest message, arrow keys the others.
  await tab.page.getByRole("group", { name: "Chat history" }).focus();
  await tab.page.keyboard.press("Tab");
  await expect(tab.row("Three")).toBeFocused();
  await tab.page.keyboard.press("ArrowUp");
  await expect(tab.row("Two")).toBeFocused();
  await expect(acts).toHaveCSS("opacity", "1");
  await tab.page.keyboard.press("Tab");
  await expect(acts.getByRole("button", { name: /^Reply/ })).toBeFocused();
});

test.describe("on a touch screen", { tag: "@touch" }, () => {
  test("a message that is swiped to the side is answered, over a reload and offline", async ({
    alice,
    bob,
    canvas,
  }) => {
    await alice.says(canvas, ["Swipe me"]);
    const tab = await bob.open(canvas);
    await tab.show("Chat");
    const fingers = await Fingers.on(tab.page);
    const box = await tab.row("Swipe me").boundingBox();
    if (!box) throw new Error("no row");
    const from = { x: box.x + 60, y: box.y + box.height / 2 };
    await fingers.down(0, from);
    await fingers.move({ 0: { x: from.x + 30, y: from.y } });
    await fingers.up();
    await expect(purpose(tab)).toBeEmpty();
    await fingers.down(0, from);
    await fingers.move({ 0: { x: from.x + 90, y: from.y + 4 } });
    await fingers.up();
    await expect(purpose(tab)).toContainText("Swipe me");
    await expect(tab.row("Swipe me")).not.toHaveAttribute("style", /translate/);

    await tab.message.fill("An answer");
    await tab.page.reload();
    await tab.isLive();
    await tab.show("Chat");
    await expect(purpose(tab)).toContainText("Swipe me");
    await expect(tab.message).toHaveValue("An answer");
    await bob.context.setOffline(true);
    await tab.isAway();
    await tab.page.getByRole("button", { name: "Send" }).click();
    await expect(tab.row("An answer")).toHaveAttribute("data-state", "pending");
    await bob.context.setOffline(false);
    await tab.isLive();
    await expect(tab.row("An answer")).toHaveAttribute("data-state", "sent");
    await expect(quote(tab, "An answer")).toContainText("Swipe me");
  });

  test("a button breaks the line", async ({ alice, bob, canvas }) => {
    const hers = await alice.open(canvas);
    const his = await bob.open(canvas);
    for (const tab of [hers, his]) await tab.show("Chat");
    await hers.message.fill("Roses");
    await hers.page.getByRole("button", { name: "New line" }).click();
    await expect(hers.message).toBeFocused();
    await hers.message.pressSequentially("Violets");
    await hers.page.getByRole("button", { name: "Send" }).click();
    await expect.poll(() => his.said()).toEqual(["Roses\nViolets"]);
  });
});
