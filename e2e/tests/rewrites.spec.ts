// Taking back what was painted: a raid and its clean-up, a tile as it was, one's own work.

import type { Page } from "@playwright/test";
import { type Canvas, type CanvasPage, User, expect, freshName, test } from "../fixtures.ts";

const here = { x: 2, y: 2 };
const there = { x: 5, y: 3 };

/** The panel in which it is chosen what is taken back. */
function panel(page: Page) {
  return page.getByTestId("rewrite");
}

function found(page: Page) {
  return page.getByTestId("rewrite-found");
}

/** The x of the pixels of a row that have a colour. */
async function rowOf(
  user: User,
  canvas: Canvas,
  tile: { x: number; y: number },
  y: number,
  color: number,
): Promise<number[]> {
  const side = canvas.tile_size;
  const pixels = await user.stored(canvas, tile);
  return pixels.slice(y * side, (y + 1) * side).flatMap((found, x) => (found === color ? [x] : []));
}

const span = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Opens the menu of a painter in the list of a tile's painters. */
async function ofPainter(tab: CanvasPage, tile: { x: number; y: number }, name: string, item: string) {
  const { page } = tab;
  await page.goto(`/canvas/${tab.canvas.id}?tile=${tile.x},${tile.y}`);
  await tab.isLive();
  await tab.show("Tile");
  // It comes later than the rest, and moves what is below it.
  await expect(page.getByRole("group", { name: "Past of this tile" })).toBeVisible();
  await page.getByRole("button", { name: "Who painted this" }).click();
  const row = page
    .getByRole("list", { name: "Painters of this tile" })
    .getByRole("listitem")
    .filter({ hasText: name });
  await row.getByRole("button", { name: `More about ${name}` }).click();
  await page.getByRole("button", { name: item }).click();
}

test("a raid is cleaned up while a painter goes on, and the clean-up can be undone", async ({
  newAccount,
  newUser,
  alice,
  canvas,
}) => {
  test.slow();
  const moderator = await newAccount(freshName("mod"));
  await alice.api("PUT", `/canvases/${canvas.id}/members/${moderator.account.username}`, {
    role: "moderator",
  });
  const painter = await newUser("Pia");
  const drawing = await painter.open(canvas);
  await drawing.openTile(here);
  await drawing.takeColor(1);
  await drawing.stroke(here, { x: 1, y: 0 }, { x: 10, y: 0 });
  await expect.poll(() => rowOf(painter, canvas, here, 0, 1)).toEqual(span(1, 10));

  // Two vandals with two tabs each: over the painter's row, beside it, and in a tile of their own.
  const vera = await newUser("Vera");
  const viktor = await newUser("Viktor");
  const first = await vera.open(canvas);
  await first.openTile(here);
  await first.takeColor(2);
  await first.stroke(here, { x: 3, y: 0 }, { x: 5, y: 0 });
  const second = await vera.open(canvas);
  await second.openTile(here);
  await second.takeColor(2);
  await second.stroke(here, { x: 1, y: 2 }, { x: 8, y: 2 });
  const third = await viktor.open(canvas);
  await third.openTile(there);
  await third.takeColor(3);
  await third.stroke(there, { x: 0, y: 4 }, { x: 9, y: 4 });
  const fourth = await viktor.open(canvas);
  await fourth.openTile(here);
  await fourth.takeColor(3);
  await fourth.stroke(here, { x: 2, y: 2 }, { x: 4, y: 2 });
  await expect.poll(() => rowOf(alice, canvas, here, 2, 3)).toEqual([2, 3, 4]);
  await expect.poll(() => rowOf(alice, canvas, here, 0, 2)).toEqual([3, 4, 5]);
  // And the painter goes on in the same tile, over a vandal's pixel too.
  await drawing.stroke(here, { x: 8, y: 2 }, { x: 8, y: 2 });
  await drawing.stroke(here, { x: 1, y: 6 }, { x: 9, y: 6 });
  await expect.poll(() => rowOf(alice, canvas, here, 6, 1)).toEqual(span(1, 9));

  for (const vandal of [vera, viktor]) {
    await moderator.api("POST", `/canvases/${canvas.id}/sanctions`, {
      username: vandal.account.username,
      kind: "ban",
      reason: "Raid",
    });
  }
  await expect(first.connection).toHaveAttribute("data-state", "ended");

  const tab = await moderator.open(canvas);
  const { page } = tab;
  await ofPainter(tab, here, "Vera", "Take back what they painted…");
  await expect(panel(page).getByRole("heading")).toHaveText("Take back what Vera painted");
  await expect(found(page)).toHaveText(/^1 tile, \d+ pixels/);
  await panel(page).getByRole("textbox", { name: "User name of somebody else" }).fill(
    viktor.account.username,
  );
  await panel(page).getByRole("button", { name: "Add" }).click();
  // Rows 0 and 2 here: 3 + 7 pixels; the tile there was Viktor's own and goes whole.
  await expect(found(page)).toHaveText("2 tiles, 266 pixels; 1 since painted over by others, left alone");
  await panel(page).getByRole("textbox", { name: "Reason" }).fill("Raid");
  await drawing.stroke(here, { x: 1, y: 9 }, { x: 5, y: 9 });
  await panel(page).getByRole("button", { name: "Take back" }).click();
  await drawing.stroke(here, { x: 1, y: 11 }, { x: 5, y: 11 });
  const toast = tab.notices.getByText("Taken back: 2 tiles, 266 pixels.");
  await expect(toast).toBeVisible();
  // It stays while the pointer is over it.
  await toast.hover();
  await expect(panel(page)).toBeHidden();

  expect(await rowOf(alice, canvas, here, 0, 1)).toEqual(span(1, 10));
  expect(await rowOf(alice, canvas, here, 2, 1)).toEqual([8]);
  expect(await rowOf(alice, canvas, here, 6, 1)).toEqual(span(1, 9));
  await expect.poll(() => rowOf(alice, canvas, here, 9, 1)).toEqual(span(1, 5));
  await expect.poll(() => rowOf(alice, canvas, here, 11, 1)).toEqual(span(1, 5));
  const left = async () => {
    const all = [...(await alice.stored(canvas, here)), ...(await alice.stored(canvas, there))];
    return all.filter((color) => color === 2 || color === 3).length;
  };
  expect(await left()).toBe(0);

  // Undone: all that nobody painted since.
  await drawing.stroke(here, { x: 1, y: 2 }, { x: 1, y: 2 });
  await expect.poll(() => rowOf(alice, canvas, here, 2, 1)).toEqual([1, 8]);
  await tab.notices.getByRole("button", { name: "Undo" }).click();
  await expect(tab.notices.getByText(/^Undone: 2 tiles/)).toBeVisible();
  expect(await rowOf(alice, canvas, here, 0, 2)).toEqual([3, 4, 5]);
  expect(await rowOf(alice, canvas, here, 2, 3)).toEqual([2, 3, 4]);
  expect(await rowOf(alice, canvas, here, 2, 2)).toEqual([5, 6, 7]);
  expect(await rowOf(alice, canvas, here, 2, 1)).toEqual([1, 8]);
  expect(await rowOf(alice, canvas, there, 4, 3)).toEqual(span(0, 9));
});

test("an area is drawn on the board, and only what is in it is taken back", async ({
  alice,
  bob,
  canvas,
}) => {
  await bob.paints(canvas, here, 2, span(0, 4).map((x) => ({ x, y: 0 })));
  await bob.paints(canvas, there, 2, span(0, 4).map((x) => ({ x, y: 0 })));
  const tab = await alice.open(canvas);
  const { page } = tab;
  await ofPainter(tab, here, "Bob", "Take back what they painted…");
  await expect(found(page)).toHaveText(/^2 tiles/);
  await page.keyboard.press("0");
  await panel(page).getByRole("radio", { name: "In an area" }).check();
  const middle = { x: 8, y: 8 };
  const from = await tab.toScreen({ x: 1, y: 1 }, middle);
  const to = await tab.toScreen({ x: 3, y: 2 }, middle);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
  const edge = (name: string) => panel(page).getByRole("spinbutton", { name });
  await expect(edge("First column")).toHaveValue("1");
  await expect(edge("Last row")).toHaveValue("2");
  await expect(found(page)).toHaveText("1 tile, 256 pixels");
  // As numbers it is the same.
  await edge("Last column").fill("5");
  await edge("Last row").fill("3");
  await edge("Last row").press("Tab");
  await expect(found(page)).toHaveText(/^2 tiles/);
  await edge("First column").fill("4");
  await edge("First column").press("Tab");
  await expect(found(page)).toHaveText(/^1 tile/);
  await panel(page).getByRole("button", { name: "Take back" }).click();
  await expect(tab.notices.getByText(/^Taken back: 1 tile/)).toBeVisible();
  expect(await rowOf(alice, canvas, here, 0, 2)).toEqual(span(0, 4));
  expect(await rowOf(alice, canvas, there, 0, 2)).toEqual([]);
  // From the log it can be undone later.
  await page.getByRole("button", { name: /^Moderation/ }).click();
  const log = page.getByRole("region", { name: "Moderation" });
  await log.getByRole("tab", { name: "Log" }).click();
  const line = log.getByRole("listitem").filter({ hasText: "Painting taken back or restored" });
  await expect(line).toContainText(bob.account.username);
  await line.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => rowOf(alice, canvas, there, 0, 2)).toEqual(span(0, 4));
  await expect(log).toContainText("That was undone");
  await expect(line.getByRole("button", { name: "Undo" })).toBeHidden();
});

test("a tile is restored to what it was before a change", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  await alice.paints(canvas, here, 1, span(0, 9).map((x) => ({ x, y: 0 })));
  await bob.paints(canvas, here, 2, span(0, 9).map((x) => ({ x, y: 0 })));
  const tab = await alice.open(canvas, `?tile=${here.x},${here.y}`);
  const { page } = tab;
  await tab.show("Tile");
  await page.getByText("History").click();
  await page.getByRole("button", { name: "Restore to before this" }).first().click();
  await expect(panel(page).getByRole("heading")).toHaveText("Restore tile 2, 2");
  await expect(found(page)).toHaveText("1 tile, 10 pixels");
  await panel(page).getByRole("button", { name: "Restore", exact: true }).click();
  await expect(tab.notices.getByText("Restored: 1 tile, 10 pixels.")).toBeVisible();
  expect(await rowOf(alice, canvas, here, 0, 1)).toEqual(span(0, 9));
  await tab.notices.getByRole("button", { name: "Undo" }).click();
  await expect(tab.notices.getByText(/^Undone: 1 tile/)).toBeVisible();
  expect(await rowOf(alice, canvas, here, 0, 2)).toEqual(span(0, 9));
});

test("a painter takes back their own work, and nothing else is offered", async ({
  alice,
  bob,
  canvas,
}) => {
  await alice.paints(canvas, here, 1, span(0, 9).map((x) => ({ x, y: 0 })));
  await bob.paints(canvas, here, 2, span(2, 4).map((x) => ({ x, y: 0 })));
  const tab = await bob.open(canvas);
  const { page } = tab;
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Take back what I painted…" }).click();
  await expect(panel(page).getByRole("textbox", { name: "User name of somebody else" })).toBeHidden();
  await expect(found(page)).toHaveText("1 tile, 3 pixels");
  await panel(page).getByRole("button", { name: "Take back" }).click();
  await expect(tab.notices.getByText("Taken back: 1 tile, 3 pixels.")).toBeVisible();
  expect(await rowOf(alice, canvas, here, 0, 1)).toEqual(span(0, 9));
  await page.goto(`/canvas/${canvas.id}?tile=${here.x},${here.y}`);
  await tab.isLive();
  await tab.show("Tile");
  await expect(page.getByRole("button", { name: "Who painted this" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Restore…" })).toBeHidden();
});
