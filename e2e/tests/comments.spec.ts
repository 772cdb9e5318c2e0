// Comments on tiles: pins on the board, threads with answers, what a comment speaks of, links.

import type { Locator } from "@playwright/test";
import { type Canvas, type CanvasPage, type User, expect, test } from "../fixtures.ts";

const tile = { x: 2, y: 2 };
const line = (y: number) => Array.from({ length: 8 }, (_, x) => ({ x, y }));

interface Comment {
  id: number;
  text: string;
  resolved: boolean;
  removed: boolean;
}

function section(tab: CanvasPage): Locator {
  return tab.page.getByRole("region", { name: "Comments" });
}

function threads(tab: CanvasPage): Locator {
  return section(tab).locator(".thread");
}

async function write(tab: CanvasPage, text: string): Promise<void> {
  const field = section(tab).getByRole("textbox", { name: "New comment" });
  await field.fill(text);
  await field.press("Enter");
  await expect(field).toHaveValue("");
}

/** What the server has of a cell. */
async function stored(user: User, canvas: Canvas): Promise<Comment[]> {
  const path = `/canvases/${canvas.id}/comments?x=${tile.x}&y=${tile.y}`;
  return (await user.api<{ items: Comment[] }>("GET", path)).items;
}

/** Opens the canvas with the tile selected and its panel shown. */
async function look(user: User, canvas: Canvas): Promise<CanvasPage> {
  const tab = await user.open(canvas, `?tile=${tile.x},${tile.y}`);
  await tab.show("Tile");
  return tab;
}

/** The menu of the comment that has this text. */
async function act(tab: CanvasPage, text: string, item: string): Promise<void> {
  const note = section(tab).locator(".note").filter({ hasText: text });
  await note.getByRole("button", { name: /^More about/ }).click();
  await tab.page.getByRole("button", { name: item }).click();
}

test("two people talk about a tile and settle it", async ({ alice, bob, canvas }) => {
  await alice.paints(canvas, tile, 1, line(1));
  const hers = await look(alice, canvas);
  const his = await look(bob, canvas);
  await expect(section(hers)).toContainText("No open comments");
  await write(his, "Why is it <b>red</b>?");
  const thread = threads(hers).first();
  await expect(thread).toContainText("Bob");
  await expect(thread).toContainText("Why is it <b>red</b>?");

  await thread.getByRole("button", { name: "Answer" }).click();
  const answer = section(hers).getByRole("textbox", { name: "Answer to Bob" });
  await expect(answer).toBeFocused();
  await answer.pressSequentially("One line");
  await answer.press("Shift+Enter");
  await answer.pressSequentially("and another");
  await answer.press("Enter");
  await expect(answer).toBeHidden();
  await expect(threads(his).locator(".thread__answers")).toContainText("One line\nand another", {
    useInnerText: true,
  });

  await act(his, "Why is it", "Edit comment");
  const field = section(his).getByRole("textbox", { name: "Edit comment" });
  await expect(field).toHaveValue("Why is it <b>red</b>?");
  await field.fill("Why is it blue?");
  await field.press("Enter");
  await expect(threads(hers).first()).toContainText("Why is it blue?");
  await expect(threads(hers).first()).toContainText("edited");

  // The tile is hers, so she may settle it.
  await expect(hers.place).toContainText("2, 2");
  await threads(hers).first().getByRole("button", { name: "Resolve" }).click();
  await expect(section(his)).toContainText("No open comments");
  await section(his).getByRole("button", { name: "1 resolved" }).click();
  await threads(his).first().getByRole("button", { name: "Open again" }).click();
  await expect.poll(() => stored(alice, canvas)).toMatchObject([{ resolved: false }, {}]);

  await act(his, "Why is it blue?", "Remove comment");
  await expect(threads(hers).first()).toContainText("This comment was removed.");
  await expect(threads(hers).first()).toContainText("and another");
  await act(hers, "and another", "Remove comment");
  await expect(threads(hers)).toHaveCount(0);
  await expect.poll(() => stored(alice, canvas)).toMatchObject([{ removed: true }, { removed: true }]);
});

test("a name is completed, and whoever is named hears of it", async ({ alice, bob, canvas }) => {
  await bob.open(canvas);
  const tab = await look(alice, canvas);
  const field = section(tab).getByRole("textbox", { name: "New comment" });
  await field.pressSequentially("See @bo");
  const names = section(tab).getByRole("listbox", { name: "People" });
  await expect(names.getByRole("option")).toHaveText([/Bob/]);
  await expect(names).toBeInViewport({ ratio: 1 });
  await tab.page.keyboard.press("Enter");
  const text = `See @${bob.account.username}`;
  await expect(field).toHaveValue(`${text} `);
  await expect(names).toBeHidden();
  // Escape offers no more, and sends nothing.
  await field.pressSequentially("@b");
  await expect(names).toBeVisible();
  await tab.page.keyboard.press("Escape");
  await expect(names).toBeHidden();
  await field.press("Backspace");
  await field.press("Backspace");
  await field.press("Enter");
  await expect.poll(() => stored(alice, canvas)).toMatchObject([{ text }]);
  const told = await bob.api<{ items: object[] }>("GET", "/users/me/notifications");
  expect(told.items).toMatchObject([{ kind: "mention", text }]);
});

test("somebody who may not settle a thread is not asked to", async ({ alice, newUser, bob, canvas }) => {
  await alice.paints(canvas, tile, 1, line(1));
  const his = await look(bob, canvas);
  await write(his, "Nice");
  const zoe = await newUser("Zoe");
  const other = await look(zoe, canvas);
  await expect(threads(other).getByRole("button", { name: "Answer" })).toBeVisible();
  await expect(threads(other).getByRole("button", { name: "Resolve" })).toBeHidden();
});

test("a comment keeps the picture that it speaks of", async ({ alice, bob, canvas }) => {
  await alice.paints(canvas, tile, 1, line(1));
  const his = await look(bob, canvas);
  await write(his, "Leave it like this");
  await expect(threads(his)).toHaveCount(1);
  const pictures = async (tab: CanvasPage, n: number) => {
    const picture = threads(tab).first().locator(".then-now__canvas").nth(n);
    return picture.evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      return (data ?? []).filter((_, index) => index % 4 === 3).filter((alpha) => alpha > 0).length;
    });
  };
  const toggle = threads(his).first().getByRole("button", { name: "Then and now" });
  await toggle.click();
  await expect(threads(his).first()).toContainText("The picture has not changed since.");
  await alice.paints(canvas, tile, 2, line(5));
  await expect(threads(his).first()).toContainText("8 pixels changed since.");
  expect(await pictures(his, 0)).toBe(8);
  expect(await pictures(his, 1)).toBe(16);

  // Somebody who comes later has to make the picture from the log; a tile that is gone, too.
  await alice.sends(canvas, [{ type: "tile_delete", ...tile }]);
  const later = await look(alice, canvas);
  await threads(later).first().getByRole("button", { name: "Then and now" }).click();
  await expect(threads(later).first()).toContainText("8 pixels changed since.");
  expect(await pictures(later, 0)).toBe(8);
  expect(await pictures(later, 1)).toBe(0);
});

test("a pin on the board leads to the comments", { tag: "@phone" }, async ({ alice, bob, canvas }, info) => {
  await alice.paints(canvas, tile, 1, line(1));
  await bob.sends(canvas, [{ type: "comment_create", ...tile, text: "Look here" }]);
  const tab = await alice.open(canvas, "#40,40,8");
  const corner = await tab.toScreen(tile, { x: 0, y: 0 });
  const [x, y] = [corner.x + 10, corner.y + 10];
  if (info.project.name === "phone") await tab.page.touchscreen.tap(x, y);
  else await tab.page.mouse.click(x, y);
  await expect(threads(tab).first()).toContainText("Look here");
  await expect(threads(tab).first()).toBeInViewport();
  await expect(tab.tools).toBeHidden();
  await expect(tab.board).toContainText("tile 2, 2, by Alice, 0 likes, 1 open comment");
});

test("a link leads to a comment, with and without the tile", async ({ alice, bob, canvas }) => {
  const texts = Array.from({ length: 12 }, (_, n) => `Comment number ${n}`);
  await bob.sends(
    canvas,
    texts.map((text) => ({ type: "comment_create", ...tile, text })),
  );
  const all = await stored(alice, canvas);
  const wanted = all.find(({ text }) => text === "Comment number 11");
  await bob.sends(canvas, [
    { type: "comment_update", comment_id: wanted?.id, resolved: true },
  ]);
  for (const place of [`?tile=${tile.x},${tile.y}&comment=${wanted?.id}`, `?comment=${wanted?.id}`]) {
    const tab = await alice.open(canvas, place);
    const note = tab.page.locator(`#comment-${wanted?.id}`);
    await expect(note).toContainText("Comment number 11");
    await expect(note).toBeFocused();
    await expect(note).toBeInViewport();
    await tab.page.close();
  }
  const tab = await alice.open(canvas, "?comment=999999");
  await expect(tab.notices).toContainText("This comment is not here any more.");
});

test("what was written offline or not sent is there after a reload", { tag: "@phone" }, async ({
  alice,
  canvas,
}) => {
  const tab = await look(alice, canvas);
  await expect(section(tab)).toContainText("Say what could be drawn here");
  const field = section(tab).getByRole("textbox", { name: "New comment" });
  await field.fill("Not yet sent");
  await tab.page.reload();
  await tab.isLive();
  await tab.show("Tile");
  await expect(field).toHaveValue("Not yet sent");
  await alice.context.setOffline(true);
  await tab.isAway();
  await section(tab).getByRole("button", { name: "Comment", exact: true }).click();
  await expect(threads(tab).first()).toContainText("Waits for the connection.");
  await alice.context.setOffline(false);
  await tab.isLive();
  await expect.poll(() => stored(alice, canvas)).toMatchObject([{ text: "Not yet sent" }]);
  await expect(threads(tab).locator("[data-state=sent]")).toHaveCount(1);
});

test("a comment is reported, and removed by a moderator", async ({ alice, bob, newUser, canvas }) => {
  const carol = await newUser("Carol");
  await bob.sends(canvas, [{ type: "comment_create", ...tile, text: "An insult" }]);
  const hers = await alice.open(canvas);
  const third = await look(carol, canvas);
  await act(third, "An insult", "Report…");
  const form = third.page.getByRole("dialog", { name: "Report" });
  await expect(form).toContainText("Comment of Bob");
  await form.getByRole("radio", { name: "Harassment" }).check();
  await form.getByRole("button", { name: "Send report" }).click();
  await expect(form).toContainText("Moderators will look at it");
  await form.getByRole("button", { name: "Close" }).last().click();
  await hers.page.getByRole("button", { name: "Moderation (1 open case)" }).click();
  const panel = hers.page.getByRole("region", { name: "Moderation" });
  await expect(panel).toContainText("An insult");
  await hers.page.keyboard.press("3");
  await expect(panel).toContainText("No open cases");
  await expect(threads(third)).toHaveCount(0);
  await expect.poll(() => stored(alice, canvas)).toMatchObject([{ removed: true, text: "" }]);
});

test("with the keyboard alone", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.page.keyboard.press("n");
  await expect(tab.panel("Tile")).toBeHidden();
  await tab.board.focus();
  await tab.page.keyboard.press("n");
  const field = section(tab).getByRole("textbox", { name: "New comment" });
  await expect(field).toBeFocused();
  await tab.page.keyboard.type("Typed");
  await tab.page.keyboard.press("Enter");
  await expect(threads(tab)).toContainText("Typed");
});
