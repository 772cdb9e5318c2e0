// Who painted what: the overlay over a tile, its list, and whose pixels they are after an undo.

import { type Canvas, type CanvasPage, type User, expect, test } from "../fixtures.ts";

const tile = { x: 2, y: 2 };
const row = (y: number, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => ({ x: from + n, y }));

/** The list of painters, with the number of their pixels. */
async function painters(tab: CanvasPage): Promise<string[]> {
  const rows = tab.page.getByRole("list", { name: "Painters of this tile" }).getByRole("listitem");
  const texts = await rows.locator(".painters__main").allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, " ").trim());
}

async function showPainters(user: User, canvas: Canvas): Promise<CanvasPage> {
  const tab = await user.open(canvas, `?tile=${tile.x},${tile.y}`);
  await tab.show("Tile");
  await tab.page.getByRole("button", { name: "Who painted this" }).click();
  return tab;
}

test("everybody sees who painted which pixel, also what is painted meanwhile", async ({
  alice,
  bob,
  newUser,
  canvas,
}) => {
  await alice.paints(canvas, tile, 1, row(1, 0, 9));
  await bob.paints(canvas, tile, 2, row(1, 4, 6));
  const zoe = await newUser("Zoe");
  const tab = await showPainters(zoe, canvas);
  await expect.poll(() => painters(tab)).toEqual(["Alice 7 pixels", "Bob 3 pixels"]);
  await expect(tab.page.getByText("2 people painted this tile")).toBeVisible();

  // A click on a pixel tells its painter, and opens nothing.
  const told = tab.page.locator(".painters__pixel");
  const click = async (pixel: { x: number; y: number }) => {
    const at = await tab.toScreen(tile, pixel);
    await tab.page.mouse.click(at.x, at.y);
  };
  await click({ x: 5, y: 1 });
  await expect(told).toHaveText("Pixel 5, 1: Bob");
  await click({ x: 1, y: 1 });
  await expect(told).toHaveText("Pixel 1, 1: Alice");
  await click({ x: 1, y: 9 });
  await expect(told).toHaveText("Pixel 1, 9: Nobody");
  await expect(tab.tools).toBeHidden();
  // So do the arrow keys.
  await tab.page.keyboard.press("ArrowUp");
  await expect(told).toHaveText("Pixel 1, 8: Nobody");

  await bob.paints(canvas, tile, 3, row(2, 0, 9));
  await expect.poll(() => painters(tab)).toEqual(["Bob 13 pixels", "Alice 7 pixels"]);
  await tab.page.keyboard.press("Escape");
  await expect(tab.page.getByRole("list", { name: "Painters of this tile" })).toBeHidden();
});

test("what one's undo uncovers belongs to whoever painted it", async ({ alice, bob, canvas }) => {
  await bob.paints(canvas, tile, 2, row(3, 2, 9));
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  await tab.takeColor(1);
  await tab.stroke(tile, { x: 4, y: 3 }, { x: 7, y: 3 });
  await expect.poll(() => tab.painted(1)).toHaveLength(4);
  await tab.page.keyboard.press("Control+z");
  await expect.poll(() => tab.painted(2)).toHaveLength(8);
  await tab.page.keyboard.press("Control+y");
  await expect.poll(() => tab.painted(1)).toHaveLength(4);
  await tab.page.keyboard.press("Control+z");
  await expect.poll(() => tab.painted(2)).toHaveLength(8);
  await tab.page.keyboard.press("Escape");
  await tab.show("Tile");
  await tab.page.getByRole("button", { name: "Who painted this" }).click();
  await expect.poll(() => painters(tab)).toEqual(["Bob 8 pixels"]);
});

test("a tap tells whose a pixel is", { tag: "@touch" }, async ({ alice, bob, canvas }) => {
  await alice.paints(canvas, tile, 1, row(1, 0, 9));
  await bob.paints(canvas, tile, 2, row(5, 0, 9));
  const tab = await showPainters(alice, canvas);
  await expect.poll(() => painters(tab)).toHaveLength(2);
  const at = await tab.toScreen(tile, { x: 3, y: 5 });
  await tab.page.touchscreen.tap(at.x, at.y);
  await expect(tab.page.locator(".painters__pixel")).toHaveText("Pixel 3, 5: Bob");
});
