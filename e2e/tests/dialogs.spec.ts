// The dialogs of a canvas and of the start page: settings, members, profile, keys, search.

import type { Page } from "@playwright/test";
import { type Canvas, CanvasPage, expect, freshName, test } from "../fixtures.ts";

async function choose(page: Page, item: string): Promise<void> {
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: item }).click();
}

test("the owner changes the canvas, and everybody sees it", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await choose(hers.page, "Canvas settings");
  const dialog = hers.page.getByRole("dialog", { name: "Canvas" });
  await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("Night over the sea");
  await dialog.getByRole("radio", { name: "Each their own" }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await expect(hers.notices).toContainText("Saved.");
  for (const { page } of [hers, his]) {
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Night over the sea");
    await expect(page).toHaveTitle(/Night over the sea/);
  }
  expect(await alice.api<Canvas>("GET", `/canvases/${canvas.id}`)).toMatchObject({
    name: "Night over the sea",
    edit_policy: "own",
  });

  // Others look at the facts and change nothing.
  await choose(his.page, "About this canvas");
  const about = his.page.getByRole("dialog", { name: "Canvas" });
  await expect(about).toContainText("Each their own");
  await expect(about.getByRole("button", { name: "Save" })).toBeHidden();
  await expect(about.getByText("Delete this canvas")).toBeHidden();
});

test("a canvas is deleted by whoever writes its name", async ({ alice, bob }) => {
  const canvas = await alice.createCanvas({ name: "Short-lived" });
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await choose(hers.page, "Canvas settings");
  const dialog = hers.page.getByRole("dialog", { name: "Canvas" });
  await dialog.getByText("Delete this canvas").first().click();
  const button = dialog.getByRole("button", { name: "Delete this canvas" });
  await expect(button).toBeDisabled();
  await dialog.getByRole("textbox", { name: "To delete it, write its name" }).fill("Short-live");
  await expect(button).toBeDisabled();
  await dialog.getByRole("textbox", { name: "To delete it, write its name" }).fill("Short-lived");
  await button.click();
  for (const tab of [hers, his]) await expect(tab.state).toContainText("This canvas was deleted");
});

test("members are added, given a role and removed", async ({ alice, newAccount }) => {
  const canvas = await alice.createCanvas({ visibility: "private" });
  const carol = await newAccount(freshName("carol"));
  const name = carol.account.username;
  const hers = await alice.open(canvas);
  await choose(hers.page, "Canvas settings");
  const members = hers.page.getByRole("region", { name: "Members" });
  const add = async (username: string) => {
    await members.getByRole("textbox", { name: "User name" }).fill(username);
    await members.getByRole("button", { name: "Add" }).click();
  };
  await add("nobody-of-this-name");
  await expect(members.getByText("Nobody has this user name.")).toBeVisible();
  await add(`@${name}`);
  const row = members.getByRole("listitem").filter({ hasText: `@${name}` });
  const role = row.getByRole("combobox", { name: `Role of ${name}` });
  await expect(role).toHaveValue("Draws");
  const third = await carol.open(canvas);

  await role.selectOption("Watches");
  await expect
    .poll(async () => (await carol.api<{ role: string }>("GET", `/canvases/${canvas.id}`)).role)
    .toBe("viewer");
  await row.getByRole("button", { name: `Remove ${name}` }).click();
  await expect(row).toBeHidden();
  await expect(third.state).toContainText("You cannot see this canvas any more");
});

test("a new name is shown to others", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.show("People");
  await choose(his.page, "Profile");
  const profile = his.page.getByRole("dialog", { name: "Profile" });
  await profile.getByRole("textbox", { name: "Your name" }).fill("Robert");
  await profile.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => hers.names()).toEqual(["Alice", "Robert"]);
  await his.say("It is me");
  await hers.show("Chat");
  await expect(hers.messages).toContainText("Robert");
});

test("? shows every key, except where it is written", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.page.keyboard.press("?");
  const sheet = tab.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(sheet).toBeVisible();
  for (const name of ["Pencil", "Eraser", "Fill", "Undo", "Leave the tile"]) {
    await expect(sheet.getByText(name, { exact: true }).first()).toBeVisible();
  }
  await tab.page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await tab.message.pressSequentially("Why?");
  await expect(sheet).toBeHidden();
  await expect(tab.message).toHaveValue("Why?");
});

test("a guest is asked before they sign out for good", { tag: "@phone" }, async ({
  alice,
  canvas,
}) => {
  const { page } = await alice.open(canvas);
  await choose(page, "Sign out");
  const question = page.getByRole("dialog", { name: "Sign out?" });
  await expect(question).toContainText("nobody can sign in as Alice again");
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(question).toBeHidden();
  await choose(page, "Sign out");
  await question.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL("/");
  await expect(page.getByRole("button", { name: "Draw as a guest" })).toBeVisible();
});

test("canvases are found by name", { tag: "@phone" }, async ({ page, alice }) => {
  const canvas = await alice.createCanvas({ name: freshName("Needle") });
  await page.goto("/");
  const field = page.getByRole("searchbox", { name: "Search canvases" });
  await field.fill(canvas.name.toLowerCase());
  const cards = page.getByRole("region", { name: "Public canvases" }).getByRole("listitem");
  await expect(cards).toHaveCount(1);
  await expect(cards).toContainText(canvas.name);
  await field.fill(`${canvas.name} of nothing`);
  await expect(page.getByText("Nothing found")).toBeVisible();
  await page.getByRole("button", { name: "Show all canvases" }).click();
  await expect(field).toHaveValue("");
  await expect(page.getByRole("link", { name: canvas.name })).toBeVisible();
});

test("a new canvas takes the colours that one chose", async ({ alice }) => {
  const page = await alice.context.newPage();
  await page.goto("/");
  await page.getByRole("button", { name: "New canvas" }).click();
  const form = page.getByRole("dialog", { name: "New canvas" });
  const name = freshName("Four colours");
  await form.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await form.getByRole("radio", { name: "Game Boy" }).check();
  await form.getByRole("button", { name: "Create canvas" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  const id = Number(/canvas\/(\d+)/.exec(page.url())?.[1]);
  const canvas = await alice.api<Canvas>("GET", `/canvases/${id}`);
  expect(canvas.palette).toEqual(["#0f380f", "#306230", "#8bac0f", "#9bbc0f"]);
  const tab = new CanvasPage(page, canvas);
  await tab.isLive();
  await tab.openTile({ x: 1, y: 1 });
  await expect(tab.tools.getByRole("group", { name: "Palette" }).getByRole("button")).toHaveCount(4);
});

test("older activity is there by scrolling down", async ({ alice, canvas }) => {
  for (let number = 0; number < 24; number += 1) {
    const place = { x: number % 8, y: Math.floor(number / 8) };
    await alice.api("POST", `/canvases/${canvas.id}/tiles`, place);
  }
  const tab = await alice.open(canvas);
  await tab.show("Activity");
  const rows = tab.page.getByRole("list", { name: "Activity" }).getByRole("listitem");
  await expect(rows).toHaveCount(24);
  await expect(rows.last()).toContainText("tile 0, 0");
});
