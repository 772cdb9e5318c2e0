// Reports: anybody makes one in a few clicks, moderators decide with what was there at the time.

import type { Locator } from "@playwright/test";
import { type CanvasPage, Server, User, expect, test } from "../fixtures.ts";

const tile = { x: 2, y: 3 };

async function cases(tab: CanvasPage): Promise<Locator> {
  await tab.page.getByRole("button", { name: /^Moderation/ }).click();
  return tab.page.getByRole("region", { name: "Moderation" });
}

/** Reports the selected tile. */
async function reportTile(tab: CanvasPage, rule: string, comment: string): Promise<void> {
  await tab.show("Tile");
  await tab.panel("Tile").getByRole("button", { name: "Report…" }).click();
  const form = tab.page.getByRole("dialog", { name: "Report" });
  await form.getByRole("radio", { name: rule }).check();
  await form.getByRole("textbox", { name: "What should moderators know?" }).fill(comment);
  await form.getByRole("button", { name: "Send report" }).click();
  await expect(form).toContainText("Moderators will look at it");
}

test("a report exposes who framed whom", async ({ alice, bob, newUser, canvas }) => {
  const carol = await newUser("Carol");
  const hers = await alice.open(canvas);
  // Bob draws a line; Carol paints over a part of it and round it, then reports him.
  const his = await bob.open(canvas);
  await his.openTile(tile);
  await his.takeColor(1);
  await his.stroke(tile, { x: 2, y: 5 }, { x: 11, y: 5 });
  await expect
    .poll(async () => (await bob.stored(canvas, tile)).filter((color) => color === 1).length)
    .toBe(10);
  const third = await carol.open(canvas, `?tile=${tile.x},${tile.y}`);
  await third.openTile(tile);
  await third.takeColor(2);
  await third.stroke(tile, { x: 2, y: 5 }, { x: 5, y: 5 });
  await third.stroke(tile, { x: 2, y: 7 }, { x: 11, y: 7 });
  await expect
    .poll(async () => (await bob.stored(canvas, tile)).filter((color) => color === 2).length)
    .toBe(14);
  await third.page.keyboard.press("Escape");
  await reportTile(third, "Hate", "Look what Bob draws");
  await third.page.keyboard.press("Escape");

  await expect(hers.page.getByRole("button", { name: "Moderation (1 open case)" })).toBeVisible();
  const panel = await cases(hers);
  await expect(panel).toContainText("Tile 2, 3");
  await expect(panel).toContainText("Hate · 1 person");
  await expect(panel).toContainText("Look what Bob draws");
  await expect(panel).toContainText("Carol changed 4 pixels of Bob, last at");
  const painters = panel.getByRole("list", { name: "Painted by" }).getByRole("listitem");
  await expect(painters.filter({ hasText: "Bob" })).toContainText("6 pixels");
  await expect(painters.filter({ hasText: "Carol" })).toContainText("14 pixels");
  // Who reported is not said.
  await expect(panel.getByText("Reported by")).toBeHidden();

  // The evidence stays as it was, whatever happens to the tile.
  await alice.api("POST", `/canvases/${canvas.id}/rewrites`, {
    kind: "revert",
    usernames: [carol.account.username],
    reason: "Framing",
  });
  await expect
    .poll(async () => (await bob.stored(canvas, tile)).filter((color) => color === 1).length)
    .toBe(10);
  await hers.page.reload();
  await hers.isLive();
  await cases(hers);
  await expect(panel).toContainText("Carol changed 4 pixels of Bob");

  // Carol is one of those who reported and nobody was hurt by the report itself.
  await panel.getByRole("button", { name: "Report was abuse" }).click();
  await expect(panel).toContainText("No open cases");
  await expect(hers.page.getByRole("button", { name: "Moderation", exact: true })).toBeVisible();
});

test("cases are decided with the keyboard", async ({ alice, bob, newUser, canvas }) => {
  const carol = await newUser("Carol");
  await bob.says(canvas, ["First insult", "Second insult"]);
  const hers = await alice.open(canvas);
  const third = await carol.open(canvas);
  await third.show("Chat");
  for (const [index, rule] of ["Harassment", "Spam"].entries()) {
    const row = third.messages.nth(index);
    await row.hover();
    await row.getByRole("button", { name: "More about the message of Bob" }).click();
    await third.page.getByRole("button", { name: "Report…" }).click();
    const form = third.page.getByRole("dialog", { name: "Report" });
    await form.getByRole("radio", { name: rule }).check();
    await form.getByRole("button", { name: "Send report" }).click();
    await form.getByRole("button", { name: "Close" }).last().click();
  }
  const panel = await cases(hers);
  const rows = panel.getByRole("list", { name: "Cases" }).locator("> li");
  await expect(rows).toHaveCount(2);
  const { keyboard } = hers.page;
  const chosen = panel.locator("[aria-expanded=true]");
  const first = (await chosen.textContent()) ?? "";
  await keyboard.press("j");
  await expect(chosen).not.toHaveText(first);
  await keyboard.press("k");
  await expect(chosen).toHaveText(first);
  await expect(panel).toContainText("What was said");
  await expect(panel).toContainText("First insult");
  // 3 removes the message.
  await keyboard.press("3");
  await expect(rows).toHaveCount(1);
  await expect(third.messages.getByText("This message was removed.")).toHaveCount(1);
  // 2 warns its author: the form opens with what is known.
  await panel.getByRole("textbox", { name: "Note on the decision" }).fill("The second time");
  await panel.getByRole("heading", { name: "Moderation" }).focus();
  await keyboard.press("2");
  const form = hers.page.getByRole("dialog", { name: "Sanction" });
  await expect(form).toContainText("Bob");
  await expect(form.getByRole("radio", { name: "Warn" })).toBeChecked();
  await keyboard.type("Be kind");
  await keyboard.press("Enter");
  await expect(form).toBeHidden();
  await expect(panel).toContainText("No open cases");
  const { items } = await alice.api<{ items: { kind: string; case_id: number | null }[] }>(
    "GET",
    `/canvases/${canvas.id}/sanctions`,
  );
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ kind: "warning" });
  expect(items[0].case_id).not.toBeNull();
  const decided = await alice.api("GET", `/cases/${items[0].case_id}`);
  expect(decided).toMatchObject({ outcome: "warned", outcome_note: "The second time" });
});

test("a report can be taken back", { tag: "@phone" }, async ({ alice, bob, canvas }) => {
  const his = await bob.open(canvas);
  await alice.open(canvas);
  await his.show("People");
  await his.person("Alice").getByRole("button", { name: "More about Alice" }).click();
  await his.page.getByRole("button", { name: "Report…" }).click();
  const form = his.page.getByRole("dialog", { name: "Report" });
  await expect(form).toContainText("Nobody is told that it was you");
  const send = form.getByRole("button", { name: "Send report" });
  await form.getByRole("radio", { name: "Something else" }).check();
  await expect(send).toBeDisabled();
  await form.getByRole("textbox").fill("A mistake");
  await send.click();
  await form.getByRole("button", { name: "Take it back" }).click();
  await expect(form).toBeHidden();
  await expect(his.notices).toContainText("Your report was taken back.");
  const { items } = await bob.api<{ items: { state: string }[] }>("GET", "/users/me/reports");
  expect(items.map(({ state }) => state)).toEqual(["withdrawn"]);
});

test("an admin decides cases of every canvas and of private messages, and sanctions everywhere", {
  tag: "@phone",
}, async ({ browser }) => {
  const server = await Server.start();
  const people: User[] = [];
  try {
    for (const name of ["Ann", "Ben"]) people.push(await User.guest(browser, server, name));
    people.push(await User.host(browser, server));
    const [ann, ben, host] = people as [User, User, User];
    const canvas = await ann.createCanvas({ visibility: "unlisted" });
    await ann.paints(canvas, tile, 3, [{ x: 1, y: 1 }]);
    await ben.says(canvas, ["Hello"]);
    const { id } = await ann.api<{ id: number }>("POST", "/conversations", {
      username: ben.account.username,
    });
    const said = await ann.api<{ message_id: string }>("POST", `/conversations/${id}/messages`, {
      text: "A rude word in private",
    });
    await ben.api("POST", "/reports", {
      target: { kind: "direct_message", message_id: said.message_id },
      rule: "harassment",
    });
    await ben.api("POST", `/canvases/${canvas.id}/reports`, {
      target: { kind: "tile", ...tile },
      rule: "hate",
      comment: "This one",
    });

    const page = await host.context.newPage();
    await page.goto("/");
    await page.getByRole("link", { name: "Moderation of the server" }).click();
    const rows = page.getByRole("list", { name: "Cases" }).locator("> li");
    await expect(rows).toHaveCount(2);
    const picture = page.locator(".frozen__picture").first();
    await expect(rows.first()).toContainText("This one");
    await expect(picture).toBeVisible();
    await expect(rows.first().getByRole("link", { name: "Go there" })).toHaveAttribute(
      "href",
      `/canvas/${canvas.id}?tile=${tile.x},${tile.y}`,
    );
    await page.keyboard.press("j");
    await expect(rows.last()).toContainText("A rude word in private");
    await page.keyboard.press("1");
    await expect(rows).toHaveCount(1);
    // The canvas's: it holds there.
    await expect(picture).toBeVisible();
    await page.keyboard.press("2");
    const form = page.getByRole("dialog", { name: "Sanction" });
    await form.getByRole("textbox", { name: "Reason" }).fill("Not here");
    await form.getByRole("button", { name: "Warn", exact: true }).click();
    await expect(form).toBeHidden();
    await expect(page.getByText("No open cases")).toBeVisible();
    const warned = await ann.api<{ items: { canvas_id: number; kind: string }[] }>(
      "GET",
      "/users/me/sanctions",
    );
    expect(warned.items).toMatchObject([{ canvas_id: canvas.id, kind: "warning" }]);

    const his = await ben.open(canvas);
    await page.getByRole("tab", { name: "Sanctions" }).click();
    await page.getByRole("textbox", { name: "User name" }).fill(ben.account.username);
    await page.getByRole("button", { name: "Sanction on the whole server" }).click();
    await form.getByRole("radio", { name: "Mute" }).check();
    await form.getByRole("textbox", { name: "Reason" }).fill("False reports");
    await form.getByRole("button", { name: "Mute", exact: true }).click();
    await expect(form).toBeHidden();
    const told = his.page.getByRole("region", { name: "You cannot chat here" });
    await expect(told).toContainText("False reports");
    const sanctions = page.getByRole("list", { name: "Sanctions" }).getByRole("listitem");
    await expect(sanctions).toContainText("Ben");
    await sanctions.getByRole("button", { name: "Lift" }).click();
    await expect(told).toBeHidden();

    // Nobody else sees it.
    const hers = await ann.context.newPage();
    await hers.goto("/moderation");
    await expect(hers.getByText("Only admins of this server keep order here.")).toBeVisible();
  } finally {
    for (const { context } of people) await context.close();
    await server.stop();
  }
});
