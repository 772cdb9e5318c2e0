// The inbox: what concerns somebody reaches them on every page, and each notification leads to its
// place. Private messages: beside the board and on a page of their own.

import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { type Canvas, User, expect, freshName, test } from "../fixtures.ts";

const tile = { x: 1, y: 2 };

/** A page of the person that shows this address. */
async function visit(user: User, path: string): Promise<Page> {
  const page = await user.context.newPage();
  await page.goto(path);
  return page;
}

function bell(page: Page): Locator {
  return page.getByRole("banner").getByRole("link", { name: /^Notifications/ });
}

function envelope(page: Page): Locator {
  return page.getByRole("banner").getByRole("link", { name: /^Private messages/ });
}

function field(place: Page | Locator, name: string): Locator {
  return place.getByRole("textbox", { name: `Message to ${name}` });
}

async function write(place: Page | Locator, name: string, text: string): Promise<void> {
  await field(place, name).fill(text);
  await place.getByRole("button", { name: "Send" }).click();
}

function messages(place: Page | Locator): Locator {
  return place.locator(".dm");
}

/** Paints a tile; its id. */
async function startTile(user: User, canvas: Canvas): Promise<number> {
  const made = await user.api<{ id: number }>("POST", `/canvases/${canvas.id}/tiles`, tile);
  return made.id;
}

/** Both have been on a canvas, so that they may write to each other. */
async function meet(canvas: Canvas, ...people: User[]): Promise<void> {
  for (const person of people) await person.says(canvas, ["Hello"]);
}

test("a like reaches somebody on a page without a canvas, and leads to its tile", { tag: "@phone" }, async ({
  alice,
  bob,
  newUser,
  canvas,
}) => {
  const carol = await newUser("Carol");
  await alice.paints(canvas, tile, 1, [{ x: 1, y: 1 }]);
  const page = await visit(alice, "/inbox");
  await expect(page.getByText("Nothing new")).toBeVisible();
  await bob.sends(canvas, [{ type: "tile_like", ...tile, liked: true }]);
  const notice = page.getByRole("listitem").filter({ hasText: "likes your tile 1, 2" });
  await expect(notice).toContainText("Bob");
  await expect(notice).toContainText(canvas.name);
  await expect(page).toHaveTitle(/^\(1\) /);
  await expect(page.locator("link[rel=icon]")).toHaveAttribute("href", /^data:/);
  await expect(bell(page)).toHaveAccessibleName("Notifications (1 unread notification)");
  // Those of a crowd stay one.
  await carol.sends(canvas, [{ type: "tile_like", ...tile, liked: true }]);
  await expect(page.getByRole("listitem").filter({ hasText: "like your tile" })).toHaveText(
    /Carol and 1 other like your tile 1, 2/,
  );
  await expect(page).toHaveTitle(/^\(1\) /);

  // It is read in all tabs.
  const other = await visit(alice, "/");
  await expect(bell(other)).toHaveAccessibleName(/1 unread/);
  await page.getByRole("link", { name: /like your tile/ }).click();
  await expect(page).toHaveURL(new RegExp(`/canvas/${canvas.id}\\?tile=1,2`));
  await expect(bell(other)).toHaveAccessibleName("Notifications");
  await expect(other).not.toHaveTitle(/^\(/);
  await expect(other.locator("link[rel=icon]")).not.toHaveAttribute("href", /^data:/);
});

test("on a canvas the bell opens the panel, which leads over the board", async ({
  alice,
  bob,
  canvas,
}) => {
  await alice.paints(canvas, tile, 1, [{ x: 1, y: 1 }]);
  const tab = await alice.open(canvas);
  await bob.sends(canvas, [{ type: "tile_like", ...tile, liked: true }]);
  const button = tab.page.getByRole("button", { name: "Notifications (1 unread notification)" });
  await button.click();
  const panel = tab.page.getByRole("region", { name: "Inbox" });
  await panel.getByRole("link", { name: /likes your tile/ }).click();
  await expect(panel).toBeHidden();
  await tab.show("Tile");
  await expect(tab.panel("Tile")).toContainText("1, 2");

  // Mark all as read, and back with Escape to the button.
  await alice.sends(canvas, [{ type: "tile_paint", x: 3, y: 3, pixels: [[0, 1]] }]);
  await bob.sends(canvas, [{ type: "tile_like", x: 3, y: 3, liked: true }]);
  await button.click();
  await panel.getByRole("button", { name: "Mark all as read" }).click();
  await expect(panel.getByRole("button", { name: "Mark all as read" })).toBeDisabled();
  await tab.page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(tab.page.getByRole("button", { name: "Notifications", exact: true })).toBeFocused();
});

test("people write to each other, beside the board and on a page", async ({
  alice,
  bob,
  canvas,
}) => {
  await meet(canvas, alice, bob);
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.show("People");
  await hers.panel("People").getByRole("button", { name: "More about Bob" }).click();
  await hers.page.getByRole("button", { name: "Write a message" }).click();
  const panel = hers.page.getByRole("region", { name: "Inbox" });
  await write(panel, "Bob", "Psst");
  await expect(messages(panel)).toHaveText([/Psst/]);
  await expect(messages(panel)).toHaveAttribute("data-state", "sent");

  await expect(
    his.page.getByRole("button", { name: "Private messages (1 unread message)" }),
  ).toBeVisible();
  await his.page.goto("/messages");
  await his.page.getByRole("link", { name: /Alice/ }).click();
  await expect(messages(his.page)).toHaveText([/Psst/]);
  await expect(envelope(his.page)).toHaveAccessibleName("Private messages");
  await field(his.page, "Alice").pressSequentially("What");
  await expect(panel.getByText("Bob is typing")).toBeVisible();
  await field(his.page, "Alice").fill("What?");
  await field(his.page, "Alice").press("Enter");
  await expect(messages(panel)).toHaveText([/Psst/, /What\?/]);
  await expect(panel.getByText("Bob is typing")).toBeHidden();

  // Taken back, its place stays.
  await messages(panel).first().hover();
  await messages(panel).first().getByRole("button", { name: "Remove message" }).click();
  await expect(messages(his.page)).toHaveText([/This message was removed/, /What\?/]);
});

test("a stranger's first message is a request", { tag: "@phone" }, async ({
  alice,
  newUser,
  canvas,
}) => {
  const dave = await newUser("Dave");
  await alice.says(canvas, ["Hello"]);
  const begun = await dave.api<{ id: number }>("POST", "/conversations", {
    username: alice.account.username,
  });
  const page = await visit(dave, `/messages/${begun.id}`);
  await expect(page.getByText("your first message is a request")).toBeVisible();
  await write(page, "Alice", "May I?");
  await expect(page.getByText("Alice has to accept your request")).toBeVisible();
  await expect(field(page, "Alice")).toBeHidden();

  const hers = await visit(alice, "/messages");
  const requests = hers.getByRole("list", { name: "Requests" });
  await requests.getByRole("link", { name: /Dave/ }).click();
  await hers.getByRole("button", { name: "Accept" }).click();
  await expect(hers.getByRole("button", { name: "Accept" })).toBeHidden();
  await write(hers, "Dave", "You may");
  await expect(messages(page)).toHaveText([/May I\?/, /You may/]);
  await write(page, "Alice", "Thanks");
  await expect(messages(hers)).toHaveText([/May I\?/, /You may/, /Thanks/]);
});

test("a request can be declined, and a person blocked and reported", async ({
  alice,
  bob,
  newUser,
  canvas,
}) => {
  await meet(canvas, alice, bob);
  const dave = await newUser("Dave");
  const name = { username: alice.account.username };
  const his = await bob.api<{ id: number }>("POST", "/conversations", name);
  await bob.api("POST", `/conversations/${his.id}/messages`, { text: "Buy now" });
  const request = await dave.api<{ id: number }>("POST", "/conversations", name);
  await dave.api("POST", `/conversations/${request.id}/messages`, { text: "Hey" });

  const page = await visit(alice, `/messages/${request.id}`);
  await page.getByRole("button", { name: "Decline" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Decline" }).click();
  await expect(page).toHaveURL(/\/messages$/);
  await expect(page.getByRole("link", { name: /Dave/ })).toBeHidden();

  await page.getByRole("link", { name: /Bob/ }).click();
  await messages(page).hover();
  await messages(page).getByRole("button", { name: "Report message…" }).click();
  const form = page.getByRole("dialog", { name: "Report" });
  await form.getByRole("radio", { name: "Spam" }).check();
  await form.getByRole("button", { name: "Send report" }).click();
  await expect(form).toContainText("Reported");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Block", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Block", exact: true }).click();
  await expect(page.getByText("You block Bob")).toBeVisible();
  await expect(field(page, "Bob")).toBeHidden();
  const refused = await bob.context.request.post(`/api/v1/conversations/${his.id}/messages`, {
    data: { text: "And now?" },
    headers: { authorization: `Bearer ${bob.token}` },
  });
  expect(refused.status()).toBe(403);
  await page.getByRole("button", { name: "Unblock", exact: true }).first().click();
  await expect(field(page, "Bob")).toBeVisible();
});

test("what is written without a connection waits, also over a reload", async ({
  alice,
  bob,
  canvas,
}) => {
  await meet(canvas, alice, bob);
  const begun = await alice.api<{ id: number }>("POST", "/conversations", {
    username: bob.account.username,
  });
  const page = await visit(alice, `/messages/${begun.id}`);
  await write(page, "Bob", "One");
  await expect(messages(page)).toHaveAttribute("data-state", "sent");
  // The server cannot be reached with what is written from now on.
  const posts = `**/api/v1/conversations/${begun.id}/messages`;
  await page.route(posts, (route) =>
    route.request().method() === "POST" ? route.abort() : route.continue(),
  );
  await write(page, "Bob", "Two");
  await write(page, "Bob", "Three");
  await expect(messages(page).nth(2)).toHaveAttribute("data-state", "pending");
  await field(page, "Bob").fill("Not sent yet");
  await page.reload();
  await expect(messages(page)).toHaveText([/One/, /Two/, /Three/]);
  await expect(field(page, "Bob")).toHaveValue("Not sent yet");
  await page.unroute(posts);
  await expect(messages(page).nth(2)).toHaveAttribute("data-state", "sent");
  const { items } = await bob.api<{ items: { text: string }[] }>(
    "GET",
    `/conversations/${begun.id}/messages?after_seq=0`,
  );
  expect(items.map(({ text }) => text)).toEqual(["One", "Two", "Three"]);
});

test("what came while the server was away is there when it is back", async ({
  browser,
  bob,
  canvas,
  newProxy,
}) => {
  const proxy = await newProxy();
  const ann = await User.register(browser, proxy, freshName("ann"));
  await meet(canvas, bob);
  await startTile(ann, canvas);
  const begun = await bob.api<{ id: number }>("POST", "/conversations", {
    username: ann.account.username,
  });
  const post = (text: string): Promise<unknown> =>
    bob.api("POST", `/conversations/${begun.id}/messages`, { text });
  await post("One");
  await ann.api("POST", `/conversations/${begun.id}/accept`);
  const page = await visit(ann, `/messages/${begun.id}`);
  await expect(messages(page)).toHaveText([/One/]);
  proxy.cut();
  await post("Two");
  await post("Three");
  await bob.sends(canvas, [{ type: "tile_like", ...tile, liked: true }]);
  proxy.mend();
  await expect(messages(page)).toHaveText([/One/, /Two/, /Three/], { timeout: 45_000 });
  await expect(bell(page)).toHaveAccessibleName(/unread/);
  await ann.context.close();
});

test("a hidden page shows what is new on the desktop, a visible one does not", async ({
  alice,
  bob,
  canvas,
}) => {
  await alice.paints(canvas, tile, 1, [{ x: 1, y: 1 }]);
  const page = await alice.context.newPage();
  // A browser whose desktop is a list, and a page that can be hidden.
  await page.addInitScript(() => {
    const desktop = { shown: [] as string[], isHidden: false };
    class Shown {
      static readonly permission = "granted";
      constructor(title: string) {
        desktop.shown.push(title);
      }
    }
    Object.assign(globalThis, { desktop, Notification: Shown });
    localStorage.setItem("stellar.desktop_notices", "1");
    Object.defineProperty(document, "visibilityState", {
      get: () => (desktop.isHidden ? "hidden" : "visible"),
    });
  });
  await page.goto("/inbox");
  await bob.sends(canvas, [{ type: "tile_like", ...tile, liked: true }]);
  await expect(page.getByText("Bob likes your tile 1, 2")).toBeVisible();
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await page.evaluate("desktop.isHidden = true");
  await alice.sends(canvas, [{ type: "tile_paint", x: 3, y: 3, pixels: [[0, 1]] }]);
  await bob.sends(canvas, [{ type: "tile_like", x: 3, y: 3, liked: true }]);
  await expect
    .poll(() => page.evaluate("desktop.shown"))
    .toEqual(["Bob likes your tile 3, 3"]);
});

test("settings take effect at once, and notices on the desktop are asked for in place", async ({
  alice,
  bob,
  canvas,
}) => {
  await meet(canvas, alice, bob);
  const page = await visit(alice, "/inbox");
  await page.getByRole("button", { name: "Notification settings" }).click();
  const dialog = page.getByRole("dialog", { name: "Notification settings" });
  await dialog.getByRole("checkbox", { name: "somebody likes my tile" }).uncheck();
  await dialog.getByRole("radio", { name: "Nobody" }).check();
  await expect
    .poll(() => alice.api("GET", "/users/me/preferences"))
    .toMatchObject({ direct_messages: "nobody", notify: { tile_liked: false, mention: true } });
  await alice.context.grantPermissions(["notifications"]);
  await dialog.getByRole("button", { name: "Show notifications" }).click();
  await expect(dialog.getByRole("button", { name: "Stop showing notifications" })).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Notification settings" }).click();
  await expect(dialog.getByRole("checkbox", { name: "somebody likes my tile" })).not.toBeChecked();

  // Who does not want messages gets none, and who writes is told.
  const his = await bob.open(canvas);
  await alice.open(canvas);
  await his.show("People");
  await his.panel("People").getByRole("button", { name: "More about Alice" }).click();
  await his.page.getByRole("button", { name: "Write a message" }).click();
  await expect(his.page.getByText("This person takes no messages from you now.")).toBeVisible();
});

test("the inbox and the messages have no serious finding", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  await meet(canvas, alice, bob);
  const begun = await bob.api<{ id: number }>("POST", "/conversations", {
    username: alice.account.username,
  });
  await bob.api("POST", `/conversations/${begun.id}/messages`, { text: "Hello, Alice" });
  for (const path of ["/inbox", "/messages", `/messages/${begun.id}`]) {
    const page = await visit(alice, path);
    await expect(page.getByText("Bob").filter({ visible: true }).first()).toBeVisible();
    const { violations } = await new AxeBuilder({ page })
      .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
      .analyze();
    const serious = violations.filter(
      ({ impact }) => impact === "serious" || impact === "critical",
    );
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)).toEqual([]);
    await page.close();
  }
});
