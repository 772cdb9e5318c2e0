// A phone in the hand: one finger draws or pans, two pan and zoom, the sheet opens and folds.

import { Fingers } from "../fingers.ts";
import { expect, test } from "../fixtures.ts";

const tile = { x: 3, y: 3 };
const corner = { x: 3, y: 3 };
const other = { x: 11, y: 3 };
const row = ["3,3", "4,3", "5,3", "6,3", "7,3", "8,3", "9,3", "10,3", "11,3"];

test.describe("on a touch screen", { tag: "@touch" }, () => {
  test("a finger pans, and a tap opens a tile", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    const fingers = await Fingers.on(tab.page);
    const from = await tab.toScreen({ x: 4, y: 4 }, { x: 0, y: 0 });
    const before = await tab.camera();
    await fingers.down(0, from);
    await fingers.move({ 0: { x: from.x - 60, y: from.y + 30 } });
    await fingers.up();
    await expect
      .poll(async () => Math.round((await tab.camera()).x - before.x))
      .toBe(Math.round(60 / before.zoom));
    await expect(tab.tools).toBeHidden();

    await fingers.tap(await tab.toScreen(tile, { x: 8, y: 8 }));
    await expect(tab.tools).toBeVisible();
  });

  test("one finger draws in the open tile, and undo is at hand", async ({ alice, bob, canvas }) => {
    const hers = await alice.open(canvas);
    const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
    const fingers = await Fingers.on(hers.page);
    await fingers.tap(await hers.toScreen(tile, { x: 8, y: 8 }));
    await hers.tools.locator('[data-color="2"]').click();
    const before = await hers.camera();
    await fingers.down(0, await hers.toScreen(tile, corner));
    await fingers.move({ 0: await hers.toScreen(tile, other) });
    await fingers.up();
    for (const tab of [hers, his]) await expect.poll(() => tab.painted(2)).toEqual(row);
    expect(await hers.camera()).toEqual(before);

    await hers.tools.getByRole("button", { name: "Undo" }).click();
    for (const tab of [hers, his]) await expect.poll(() => tab.painted(2)).toEqual([]);
    await hers.tools.getByRole("button", { name: "Redo" }).click();
    for (const tab of [hers, his]) await expect.poll(() => tab.painted(2)).toEqual(row);
    await hers.tools.getByRole("button", { name: "Done" }).click();
    await expect(hers.tools).toBeHidden();
  });

  test("two fingers pan and zoom, and leave no trace", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    const fingers = await Fingers.on(tab.page);
    const left = await tab.toScreen(tile, { x: 4, y: 8 });
    const right = await tab.toScreen(tile, { x: 11, y: 8 });
    const before = await tab.camera();
    await fingers.down(0, left);
    await fingers.down(1, right);
    await fingers.move({ 0: { x: left.x + 40, y: left.y }, 1: { x: right.x + 40, y: right.y } });
    await expect
      .poll(async () => Math.round((before.x - (await tab.camera()).x) * before.zoom))
      .toBe(40);
    expect((await tab.camera()).zoom).toBeCloseTo(before.zoom, 1);
    await fingers.move({ 0: { x: left.x, y: left.y }, 1: { x: right.x + 40, y: right.y } });
    await expect.poll(async () => (await tab.camera()).zoom).toBeGreaterThan(before.zoom * 1.2);
    await fingers.up();
    await expect.poll(() => tab.pixels()).not.toContain(0);
    expect(new Set(await tab.pixels())).toEqual(new Set([255]));
    await expect.poll(async () => new Set(await alice.stored(canvas, tile))).toEqual(new Set([255]));
  });

  test("beside a pen a palm draws nothing", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    await tab.takeColor(2);
    const fingers = await Fingers.on(tab.page);
    await fingers.penStroke(await tab.toScreen(tile, corner), await tab.toScreen(tile, other));
    await expect.poll(() => tab.painted(2)).toEqual(row);
    const palm = await tab.toScreen(tile, { x: 4, y: 12 });
    await fingers.down(0, palm);
    await fingers.move({ 0: { x: palm.x + 60, y: palm.y - 20 } });
    await fingers.up();
    await expect.poll(() => tab.painted(2)).toEqual(row);
    await tab.isAtRest();
    expect((await tab.pixels()).filter((color) => color !== 255)).toHaveLength(row.length);
  });

  test("the sheet opens with a tab and folds with the same", async ({ alice, bob, canvas }) => {
    const hers = await alice.open(canvas);
    const his = await bob.open(canvas);
    await hers.show("Chat");
    await hers.say("From my phone");
    const board = await hers.box();
    const tab = hers.page.getByRole("tab", { name: "Chat", exact: true });
    await tab.click();
    await expect(hers.panel("Chat")).toBeHidden();
    // The board takes the room.
    await expect.poll(async () => (await hers.box()).height).toBeGreaterThan(board.height);
    await his.show("Chat");
    await his.say("From mine");
    await expect(tab).toHaveAccessibleDescription("1 new message");
    await tab.click();
    await expect.poll(() => hers.said()).toEqual(["From my phone", "From mine"]);
    await expect(tab).toHaveAccessibleDescription("");
    // Nothing is wider than the screen.
    const wide = () => hers.page.evaluate(() => document.documentElement.scrollWidth);
    expect(await wide()).toBeLessThanOrEqual(390);
  });

  test("opening a tile makes room for it and its tools", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas, `?tile=${tile.x},${tile.y}`);
    await tab.show("Tile");
    await tab.page.getByRole("button", { name: "Draw here" }).click();
    await expect(tab.tools).toBeVisible();
    await expect(tab.panel("Tile")).toBeHidden();
    const fills = async () => (canvas.tile_size * (await tab.camera()).zoom) / 390;
    await expect.poll(fills).toBeGreaterThan(0.8);
    expect(await fills()).toBeLessThan(1);
  });

  test("what is touched is large enough for a thumb", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    const small = await tab.page.getByRole("button").or(tab.page.getByRole("tab")).evaluateAll(
      (all) =>
        all.flatMap((element) => {
          const { width, height } = element.getBoundingClientRect();
          const shown = element.checkVisibility() && width > 0;
          const name = element.getAttribute("aria-label") ?? element.textContent ?? "";
          return shown && (width < 44 || height < 44) ? [`${name}: ${width}×${height}`] : [];
        }),
    );
    expect(small).toEqual([]);
  });
});
