// Order on a canvas: what moderators do to people and words, and what those see of it.

import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { type Canvas, CanvasPage, expect, freshName, Server, User, test } from "../fixtures.ts";

const tile = { x: 2, y: 3 };

/** Opens the menu of somebody in the panel with the people, and chooses an act. */
async function act(tab: CanvasPage, name: string, item: string): Promise<void> {
  await tab.show("People");
  await tab.person(name).getByRole("button", { name: `More about ${name}` }).click();
  await menu(tab.page, name).getByRole("button", { name: item, exact: true }).click();
}

function menu(page: Page, name: string): Locator {
  return page.getByRole("group", { name: `More about ${name}` });
}

/** Fills the form of a sanction and sends it. */
async function impose(page: Page, kind: string, reason: string): Promise<void> {
  const form = page.getByRole("dialog", { name: "Sanction" });
  await form.getByRole("textbox", { name: "Reason" }).fill(reason);
  await form.getByRole("button", { name: kind, exact: true }).click();
  await expect(form).toBeHidden();
}

async function moderation(tab: CanvasPage, section: string): Promise<Locator> {
  await tab.page.getByRole("button", { name: /^Moderation/ }).click();
  const panel = tab.page.getByRole("region", { name: "Moderation" });
  await panel.getByRole("tab", { name: section }).click();
  return panel;
}

async function ban(moderator: User, canvas: Canvas, username: string): Promise<number> {
  const { id } = await moderator.api<{ id: number }>("POST", `/canvases/${canvas.id}/sanctions`, {
    username,
    kind: "ban",
    reason: "Vandalism",
  });
  return id;
}

test("somebody is muted in two clicks and a reason, is told why, and may write again once it is lifted", {
  tag: "@phone",
}, async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await act(hers, "Bob", "Mute");
  const form = hers.page.getByRole("dialog", { name: "Sanction" });
  await expect(form).toContainText("Bob cannot chat, comment, mention anybody");
  await expect(form).toContainText("It ends by itself on");
  await form.getByRole("radio", { name: "Open end" }).check();
  await expect(form).toContainText("It has no end");
  await impose(hers.page, "Mute", "Please calm down");

  const told = his.page.getByRole("region", { name: "You cannot chat here" });
  await expect(told).toContainText("Please calm down");
  await expect(told).toContainText("You can still paint, like and look.");
  await his.show("Chat");
  await expect(his.message).toBeDisabled();
  await expect(his.message).toHaveAttribute("placeholder", "You cannot chat here now");

  const panel = await moderation(hers, "Sanctions");
  const row = panel.getByRole("list", { name: "Sanctions" }).getByRole("listitem");
  await expect(row).toContainText("Bob");
  await expect(row).toContainText("by Alice");
  await row.getByRole("button", { name: "Lift" }).click();
  await expect(panel).toContainText("No sanctions in force.");
  await expect(told).toBeHidden();
  await expect(his.notices).toContainText("A sanction against you is over");
  await his.say("Sorry");
  await expect(his.messages.last()).toHaveAttribute("data-state", "sent");
});

test("a warning is shown until it is confirmed", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await act(hers, "Bob", "Warn");
  await impose(hers.page, "Warn", "Read the rules");
  const told = his.page.getByRole("region", { name: "You were warned" });
  await expect(told).toContainText("Read the rules");
  await his.page.reload();
  await his.isLive();
  await told.getByRole("button", { name: "I have read it" }).click();
  await expect(told).toBeHidden();
  await his.page.reload();
  await his.isLive();
  await expect(told).toBeHidden();
});

test("who may not paint leaves the tile and is told so there", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await his.openTile(tile);
  await act(hers, "Bob", "Stop painting");
  await impose(hers.page, "Stop painting", "Not over the work of others");
  await expect(his.tools).toBeHidden();
  await his.show("Tile");
  await expect(his.panel("Tile")).toContainText("You cannot paint here. (Until");
  await his.show("Chat");
  await his.say("I understand");
  await expect(his.messages).toHaveAttribute("data-state", "sent");
});

test("what a banned person did offline is kept as a draft, exported, and sent once they are back", async ({
  alice,
  newAccount,
  canvas,
}) => {
  const name = freshName("zed");
  const zed = await newAccount(name);
  const his = await zed.open(canvas);
  await his.openTile(tile);
  await zed.context.setOffline(true);
  await his.isAway();
  await his.takeColor(2);
  await his.stroke(tile, { x: 1, y: 1 }, { x: 4, y: 1 });
  await his.show("Chat");
  await his.say("While I was away");
  const id = await ban(alice, canvas, name);
  await zed.context.setOffline(false);

  const told = his.page.getByRole("region", { name: "You are banned from this canvas" });
  await expect(told).toContainText("Vandalism", { timeout: 45_000 });
  const draft = his.page.getByRole("region", { name: /kept as a draft/ });
  await expect(draft).toContainText("2 changes were not sent.");
  // The board shows what is stored.
  await his.show("Tile");
  await expect(his.panel("Tile")).toContainText("Nobody has drawn here yet");
  const download = his.page.waitForEvent("download");
  await draft.getByRole("button", { name: "Export" }).click();
  const file = await (await download).path();
  const kept = JSON.parse(await readFile(file, "utf8")) as { type: string; text?: string }[];
  expect(kept.map(({ type }) => type)).toEqual(["tile_paint", "canvas_chat"]);
  expect(kept[1].text).toBe("While I was away");

  // A reload keeps it, and nothing of it was stored.
  await his.page.reload();
  await expect(told).toContainText("Vandalism", { timeout: 45_000 });
  await expect(draft).toContainText("2 changes were not sent.");
  const { items } = await alice.api<{ items: unknown[] }>("GET", `/canvases/${canvas.id}/events`);
  expect(items).toEqual([]);

  await alice.api("POST", `/sanctions/${id}/lift`, {});
  await told.getByRole("button", { name: "Reconnect" }).click();
  await his.isLive();
  await draft.getByRole("button", { name: "Send it now" }).click();
  await expect(draft).toBeHidden();
  await expect
    .poll(async () => (await alice.stored(canvas, tile)).filter((color) => color === 2).length)
    .toBe(4);
  await his.show("Chat");
  await expect.poll(() => his.said()).toEqual(["While I was away"]);
});

test("a removed message loses its words for everybody, now and after a reload", {
  tag: "@phone",
}, async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  for (const tab of [hers, his]) await tab.show("Chat");
  await his.say("Buy my things");
  await expect(hers.messages).toContainText("Buy my things");
  await hers.messages.first().hover();
  await hers.messages.first().getByRole("button", { name: "More about the message of Bob" }).click();
  await menu(hers.page, "Bob").getByRole("button", { name: "Remove message" }).click();
  for (const tab of [hers, his]) {
    await expect(tab.messages).toContainText("This message was removed.");
    await expect(tab.messages).not.toContainText("Buy my things");
  }
  await his.page.reload();
  await his.isLive();
  await his.show("Chat");
  await expect(his.messages).toContainText("This message was removed.");
  await expect(his.messages).not.toContainText("Buy my things");
  // One's own needs no right.
  await his.say("Oops");
  await expect(his.messages.last()).toHaveAttribute("data-state", "sent");
  await his.messages.last().hover();
  await his.messages.last().getByRole("button", { name: "More about the message of Bob" }).click();
  await menu(his.page, "Bob").getByRole("button", { name: "Remove message" }).click();
  await expect(hers.messages.last()).toContainText("This message was removed.");
});

test("slow mode counts down in the text field, and painting goes on", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.page.getByRole("button", { name: /^Moderation/ }).click();
  const panel = hers.page.getByRole("region", { name: "Moderation" });
  await panel.getByRole("combobox", { name: "Slow mode: Pause" }).selectOption({ label: "1 min" });
  await panel.getByRole("switch", { name: "Slow mode" }).click();
  await expect(panel.getByRole("switch", { name: "Slow mode" })).toBeChecked();
  await his.show("Chat");
  await his.say("First");
  await expect(his.messages).toHaveAttribute("data-state", "sent");
  await expect(his.page.getByText(/You can write again in \d+ s/)).toBeVisible();
  await his.say("Second");
  await expect(his.message).toHaveValue("Second");
  await expect(his.messages).toHaveCount(1);
  await his.openTile(tile);
  await his.takeColor(3);
  await his.dot(tile, { x: 5, y: 5 });
  await expect
    .poll(async () => (await alice.stored(canvas, tile)).filter((color) => color === 3).length)
    .toBe(1);
  await panel.getByRole("switch", { name: "Slow mode" }).click();
  await expect(his.page.getByText(/You can write again/)).toBeHidden();
  await his.show("Chat");
  await his.message.press("Enter");
  await expect(his.messages).toHaveCount(2);
});

test("a lockdown is told in place, takes strokes back, and ends", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.page.getByRole("button", { name: /^Moderation/ }).click();
  const panel = hers.page.getByRole("region", { name: "Moderation" });
  await panel.getByRole("switch", { name: "Lockdown" }).click();
  await expect(panel).toContainText("Ends ");
  await expect(his.state).toContainText("Only moderators and members change anything here until");
  await his.openTile(tile);
  await his.takeColor(3);
  await his.dot(tile, { x: 5, y: 5 });
  await expect(his.notices).toContainText("kept as a draft");
  await expect.poll(() => his.painted(3)).toEqual([]);
  // Who keeps order goes on.
  await hers.page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await hers.openTile({ x: 5, y: 5 });
  await hers.takeColor(3);
  await hers.dot({ x: 5, y: 5 }, { x: 1, y: 1 });
  await expect
    .poll(async () => (await alice.stored(canvas, { x: 5, y: 5 })).includes(3))
    .toBe(true);
  await hers.page.getByRole("button", { name: /^Moderation/ }).click();
  await panel.getByRole("switch", { name: "Lockdown" }).click();
  await expect(his.state).not.toContainText("Only moderators");
  await his.page.getByRole("button", { name: "Send it now" }).click();
  await expect
    .poll(async () => (await alice.stored(canvas, tile)).filter((color) => color === 3).length)
    .toBe(1);
});

test("what guests may do is a setting of the canvas", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.page.getByRole("button", { name: "Menu" }).click();
  await hers.page.getByRole("button", { name: "Canvas settings" }).click();
  const settings = hers.page.getByRole("dialog", { name: "Canvas" });
  const guests = settings.getByRole("group", { name: "What guests do" });
  await guests.getByRole("radio", { name: "Chat" }).check();
  await settings.getByRole("button", { name: "Save" }).click();
  await expect(settings).toBeHidden();
  // A guest talks, and draws nothing.
  await his.show("Chat");
  await his.say("I only look");
  await expect(hers.messages).toContainText(["I only look"]);
  await his.openTile(tile);
  await his.takeColor(3);
  await his.dot(tile, { x: 5, y: 5 });
  await expect.poll(() => his.painted(3)).toEqual([]);
  expect((await alice.stored(canvas, tile)).includes(3)).toBe(false);
  // The setting is there when the dialog is opened again.
  await hers.page.getByRole("button", { name: "Menu" }).click();
  await hers.page.getByRole("button", { name: "Canvas settings" }).click();
  await expect(guests.getByRole("radio", { name: "Chat" })).toBeChecked();
});

test("everybody reads the log, and moderators read who did it", async ({ alice, bob, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/sanctions`, {
    username: bob.account.username,
    kind: "mute",
    reason: "Too loud",
    duration_s: 3600,
  });
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  for (const { page } of [hers, his]) {
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Moderation log" }).click();
  }
  const line = (page: Page) =>
    page.getByRole("list", { name: "Moderation log" }).getByRole("listitem");
  for (const { page } of [hers, his]) {
    await expect(line(page)).toContainText("Sanctioned: Bob");
    await expect(line(page)).toContainText("Too loud");
  }
  await expect(line(hers.page)).toContainText("by Alice");
  await expect(line(his.page)).not.toContainText("Alice");
});

test("only acts are offered that the server carries out", async ({
  alice,
  newAccount,
  newUser,
  canvas,
}) => {
  const [mos, mias] = [freshName("mo"), freshName("mia")];
  const [mo, mia, carol] = [await newAccount(mos), await newAccount(mias), await newUser("Carol")];
  for (const name of [mos, mias]) {
    await alice.api("PUT", `/canvases/${canvas.id}/members/${name}`, { role: "moderator" });
  }
  await alice.api("POST", `/canvases/${canvas.id}/sanctions`, {
    username: carol.account.username,
    kind: "no_paint",
    reason: "Not over the work of others",
  });
  await carol.says(canvas, ["Hello"]);
  await mia.says(canvas, ["Good morning"]);
  for (const user of [alice, mia, carol]) await user.open(canvas);
  const tab = await mo.open(canvas);
  const { page } = tab;
  const acts = (of: string) => {
    const shown = menu(page, of);
    return shown.getByRole("button", { name: /^(Warn|Mute|Ban|Take back what|Remove)/ });
  };
  const open = async (of: string) => {
    await tab.person(of).getByRole("button", { name: `More about ${of}` }).click();
  };
  await tab.show("People");
  await open("Carol");
  await expect(acts("Carol")).toHaveCount(5);
  await page.keyboard.press("Escape");
  for (const higher of [mias, "Alice"]) {
    await open(higher);
    await expect(menu(page, higher)).toContainText(
      `Only somebody of a higher rank than ${higher} can act on them here.`,
    );
    await expect(acts(higher)).toHaveCount(0);
    await expect(menu(page, higher).getByRole("button", { name: "Report…" })).toBeVisible();
    await page.keyboard.press("Escape");
  }
  await tab.show("Chat");
  for (const [text, of, removable] of [
    ["Good morning", mias, 0],
    ["Hello", "Carol", 1],
  ] as const) {
    await tab.row(text).hover();
    await tab.row(text).getByRole("button", { name: `More about the message of ${of}` }).click();
    await expect(menu(page, of)).toContainText("Report…");
    await expect(menu(page, of).getByRole("button", { name: "Remove message" })).toHaveCount(
      removable,
    );
    await page.keyboard.press("Escape");
  }
  // The owner issued it.
  const panel = await moderation(tab, "Sanctions");
  const row = panel.getByRole("list", { name: "Sanctions" }).getByRole("listitem");
  await expect(row).toContainText("A higher rank has to lift it.");
  await expect(row.getByRole("button", { name: "Lift" })).toBeHidden();
});

test("a newcomer is told what they may not do yet and why, and then may", async ({ browser }) => {
  const server = await Server.start({ RATE_LIMITS: "on" });
  const people: User[] = [];
  try {
    for (const name of ["Ann", "Ben"]) people.push(await User.guest(browser, server, name));
    const [ann, ben] = people as [User, User];
    const canvas = await ann.createCanvas();
    await ann.paints(canvas, tile, 1, [{ x: 0, y: 0 }]);
    const his = await ben.open(canvas);
    await expect(his.state).toContainText(
      /You are new here until .*: in tiles of others at most 300 pixels a minute, and 6 messages a minute\./,
    );
    const count = async (color: number) =>
      (await ann.stored(canvas, tile)).filter((found) => found === color).length;
    await his.openTile(tile);
    await his.page.keyboard.press("f");
    await his.takeColor(2);
    await his.dot(tile, { x: 8, y: 8 });
    await expect.poll(() => count(2)).toBe(255);
    await his.takeColor(3);
    await his.dot(tile, { x: 8, y: 8 });
    await expect(his.notices).toContainText("You are new here: please go slower");
    await expect.poll(() => his.painted(3)).toEqual([]);
    expect(await count(2)).toBe(255);
    await his.show("Chat");
    for (let n = 1; n <= 7; n += 1) await his.say(`Message ${n}`);
    await expect(his.page.getByText(/You can write again in \d+ s/)).toBeVisible();

    const hers = await ann.open(canvas);
    await hers.page.getByRole("button", { name: "Menu" }).click();
    await hers.page.getByRole("button", { name: "Canvas settings" }).click();
    const settings = hers.page.getByRole("dialog", { name: "Canvas" });
    const newcomers = settings.getByRole("group", { name: "People who are new here" });
    await expect(newcomers.getByRole("radio", { name: "Limited at first" })).toBeChecked();
    await newcomers.getByRole("radio", { name: "Free" }).check();
    await settings.getByRole("button", { name: "Save" }).click();
    await expect(settings).toBeHidden();
    await expect(his.state).not.toContainText("You are new here");
    await his.dot(tile, { x: 8, y: 8 });
    await expect.poll(() => count(3)).toBe(255);
  } finally {
    for (const { context } of people) await context.close();
    await server.stop();
  }
});
