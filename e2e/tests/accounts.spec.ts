// Accounts: a guest who becomes registered, password, sessions, deletion, hidden people, invites.

import type { Locator } from "@playwright/test";
import {
  type Canvas,
  CanvasPage,
  User,
  expect,
  freshName,
  password,
  test,
} from "../fixtures.ts";

const tile = { x: 4, y: 4 };

/** A guest who came an hour ago draws, and is asked whether they want to keep it. */
async function stay(guest: User, canvas: Canvas): Promise<{ tab: CanvasPage; offer: Locator }> {
  const page = await guest.context.newPage();
  await page.route("**/api/v1/users/me", async (route) => {
    const response = await route.fetch();
    const user = (await response.json()) as object;
    const created_at = new Date(Date.now() - 3_600_000).toISOString();
    await route.fulfill({ response, json: { ...user, created_at } });
  });
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await tab.isLive();
  const offer = page.getByRole("complementary", { name: "Keep what is yours" });
  await tab.show("Activity");
  for (const x of [1, 2]) await guest.paints(canvas, { x, y: 1 }, 2, [{ x: 1, y: 1 }]);
  await expect(page.getByText("Started tile")).toHaveCount(2);
  await expect(offer).toBeHidden();
  await guest.paints(canvas, tile, 2, [{ x: 1, y: 1 }]);
  await expect(offer).toBeVisible();
  return { tab, offer };
}

test("a guest becomes registered and keeps everything", { tag: "@phone" }, async ({
  newUser,
  browser,
  server,
}) => {
  const guest = await newUser("Gus");
  const canvas = await guest.createCanvas({ name: freshName("Kept") });
  const { tab, offer } = await stay(guest, canvas);
  const { page } = tab;
  await offer.getByRole("button", { name: "Keep everything" }).click();
  const dialog = page.getByRole("dialog", { name: "Keep what is yours" });
  await dialog.getByRole("textbox", { name: "User name" }).fill("x");
  await dialog.getByRole("button", { name: "Keep everything" }).click();
  await expect(dialog.getByText("At least 3 characters, please.")).toBeVisible();
  await expect(dialog.getByText("At least 8 characters, please.")).toBeVisible();
  const username = freshName("gus");
  await dialog.getByRole("textbox", { name: "User name" }).fill(username);
  await dialog.getByLabel("Password").fill(password);
  await dialog.getByRole("button", { name: "Keep everything" }).click();
  await expect(tab.notices.getByText(`You are @${username} now.`)).toBeVisible();
  await expect(offer).toBeHidden();
  await tab.isLive();

  // On another device it is the same person, with the same canvas and tile.
  const other = await browser.newContext({ baseURL: server.url });
  const login = await other.request.post("/api/v1/auth/login", { data: { username, password } });
  const { user } = (await login.json()) as { user: { id: number; is_guest: boolean } };
  expect(user.id).toBe(guest.account.id);
  expect(user.is_guest).toBe(false);
  const read = await other.request.get(`/api/v1/canvases/${canvas.id}`);
  expect(((await read.json()) as { role: string }).role).toBe("owner");
  await other.close();
  // What is drawn now is stored as before.
  await tab.openTile(tile);
  await tab.takeColor(1);
  await tab.dot(tile, { x: 7, y: 7 });
  await expect.poll(() => guest.stored(canvas, tile)).toContain(1);
});

test("a guest who does not want it is not asked again", async ({ newUser }) => {
  const guest = await newUser("Gil");
  const canvas = await guest.createCanvas();
  const { offer } = await stay(guest, canvas);
  await offer.getByRole("button", { name: "Not now" }).click();
  await expect(offer).toBeHidden();
  const again = await guest.open(canvas);
  await again.page.getByRole("button", { name: "Menu" }).click();
  // It stays in the menu.
  await expect(again.page.getByRole("button", { name: "Keep everything…" })).toBeVisible();
  await expect(
    again.page.getByRole("complementary", { name: "Keep what is yours" }),
  ).toBeHidden();
});

test("password and sessions", async ({ newAccount, browser, server }) => {
  const username = freshName("sam");
  const user = await newAccount(username);
  const canvas = await user.createCanvas();
  const elsewhere = await browser.newContext({ baseURL: server.url });
  await elsewhere.request.post("/api/v1/auth/login", { data: { username, password } });
  const { page } = await user.open(canvas);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Account" }).click();
  const dialog = page.getByRole("dialog", { name: "Account" });
  const sessions = dialog.getByRole("list", { name: "Where you are signed in" });
  await expect(sessions.getByRole("listitem")).toHaveCount(2);
  await expect(sessions.getByText("This browser")).toBeVisible();
  await sessions.getByRole("button", { name: "Sign out there" }).click();
  await expect(sessions.getByRole("listitem")).toHaveCount(1);
  expect((await elsewhere.request.get("/api/v1/users/me")).status()).toBe(401);

  await elsewhere.request.post("/api/v1/auth/login", { data: { username, password } });
  await dialog.getByLabel("Present password").fill("not this one");
  await dialog.getByLabel("New password").fill("another good one");
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog.getByText("User name and password do not match.")).toBeVisible();
  await dialog.getByLabel("Present password").fill(password);
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog.getByText("Password changed.")).toBeVisible();
  expect((await elsewhere.request.get("/api/v1/users/me")).status()).toBe(401);
  const answer = await elsewhere.request.post("/api/v1/auth/login", {
    data: { username, password: "another good one" },
  });
  expect(answer.ok()).toBe(true);
  await elsewhere.close();
});

test("an account is deleted, and what it drew stays", async ({ newAccount, alice, canvas }) => {
  const username = freshName("del");
  const user = await newAccount(username);
  await user.paints(canvas, tile, 2, [{ x: 1, y: 1 }]);
  const page = await user.context.newPage();
  await page.goto("/");
  await page.getByRole("button", { name: "Account" }).click();
  const dialog = page.getByRole("dialog", { name: "Account" });
  await dialog.getByText("Delete my account").first().click();
  const form = dialog.getByRole("group");
  const button = dialog.getByRole("button", { name: "Delete my account" });
  await expect(button).toBeDisabled();
  await form.getByLabel("Password", { exact: true }).fill("not this one");
  await button.click();
  await expect(dialog.getByText("User name and password do not match.")).toBeVisible();
  await form.getByLabel("Password", { exact: true }).fill(password);
  await button.click();
  await expect(page.getByRole("button", { name: "Draw as a guest" })).toBeVisible();
  expect(await alice.stored(canvas, tile)).toContain(2);
  const answer = await page.request.post("/api/v1/auth/login", { data: { username, password } });
  expect(answer.status()).toBe(401);
});

test("a hidden person's messages are gone here, and come back", async ({ alice, bob, canvas }) => {
  await bob.says(canvas, ["Buy my coins"]);
  await alice.says(canvas, ["Hello"]);
  await bob.open(canvas);
  const tab = await alice.open(canvas);
  const { page } = tab;
  await tab.show("Chat");
  await expect.poll(() => tab.said()).toEqual(["Buy my coins", "Hello"]);
  await tab.show("People");
  await tab.person("Bob").getByRole("button", { name: "More about Bob" }).click();
  await page.getByRole("button", { name: "Hide this person for me" }).click();
  await expect(tab.notices.getByText("Bob is hidden from you here.")).toBeVisible();
  await tab.show("Chat");
  await expect.poll(() => tab.said()).toEqual(["Hello"]);
  await bob.says(canvas, ["Buy them now"]);
  await alice.says(canvas, ["Nice day"]);
  await expect.poll(() => tab.said()).toEqual(["Hello", "Nice day"]);
  // Also after a reload.
  await page.reload();
  await tab.isLive();
  await tab.show("Chat");
  await expect.poll(() => tab.said()).toEqual(["Hello", "Nice day"]);

  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Account" }).click();
  const dialog = page.getByRole("dialog", { name: "Account" });
  await dialog.getByRole("button", { name: "Show Bob again" }).click();
  await expect(dialog.getByText("You hide nobody.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect
    .poll(() => tab.said())
    .toEqual(["Buy my coins", "Hello", "Buy them now", "Nice day"]);
});

test("an invite brings somebody in who is not signed in", { tag: "@phone" }, async ({
  alice,
  browser,
  server,
}) => {
  const canvas = await alice.createCanvas({ name: freshName("Private"), visibility: "private" });
  const { page } = await alice.open(canvas);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Invites" }).click();
  const dialog = page.getByRole("dialog", { name: "Invites" });
  await dialog.getByRole("radio", { name: "Once" }).check();
  await dialog.getByRole("textbox", { name: "Note" }).fill("For Ina");
  await dialog.getByRole("button", { name: "Make an invite" }).click();
  const row = dialog.getByRole("list", { name: "Invites" }).getByRole("listitem");
  await expect(row).toContainText("Draws · For Ina");
  await expect(row).toContainText("0 of 1 used");
  const link = await row.getByRole("textbox", { name: "Address of the invite" }).inputValue();
  expect(link).toMatch(/\/invite\/[^/]+$/);

  const context = await browser.newContext({ baseURL: server.url });
  const guest = await context.newPage();
  await guest.goto(link);
  await expect(guest.getByRole("heading", { name: "You are invited" })).toBeVisible();
  await guest.getByRole("textbox", { name: "Your name" }).fill("Ina");
  await guest.getByRole("button", { name: "Draw as a guest" }).click();
  await guest.waitForURL(`**/canvas/${canvas.id}*`);
  const tab = new CanvasPage(guest, canvas);
  await tab.isLive();
  await tab.openTile(tile);
  await tab.takeColor(1);
  await tab.dot(tile, { x: 3, y: 3 });
  await expect.poll(() => alice.api<{ items: unknown[] }>("GET", `/canvases/${canvas.id}/tiles`))
    .toMatchObject({ items: [expect.objectContaining({ x: tile.x, y: tile.y })] });
  await context.close();

  // It can be used once.
  const late = await User.guest(browser, server, "Late");
  const latePage = await late.context.newPage();
  await latePage.goto(link);
  await latePage.getByRole("button", { name: "Accept the invite" }).click();
  await expect(latePage.getByRole("heading", { name: "This invite is over" })).toBeVisible();
  await late.context.close();
});

test("an invite that was taken back is over", async ({ alice, bob, canvas }) => {
  const { code } = await alice.api<{ code: string }>("POST", `/canvases/${canvas.id}/invites`, {
    role: "moderator",
  });
  const page = await bob.context.newPage();
  await page.goto(`/invite/${code}`);
  await expect(page.getByText("You accept it as Bob.")).toBeVisible();
  const { page: hers } = await alice.open(canvas);
  await hers.getByRole("button", { name: "Menu" }).click();
  await hers.getByRole("button", { name: "Invites" }).click();
  const dialog = hers.getByRole("dialog", { name: "Invites" });
  await dialog.getByRole("button", { name: "Take back the invite for: Moderator" }).click();
  await expect(dialog.getByText("No invites are open.")).toBeVisible();
  await page.getByRole("button", { name: "Accept the invite" }).click();
  await expect(page.getByRole("heading", { name: "This invite is over" })).toBeVisible();
});
