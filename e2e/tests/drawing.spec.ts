// Drawing: strokes are seen while they are drawn, and merge pixel by pixel.

import { expect, test } from "../fixtures.ts";

const tile = { x: 2, y: 3 };
const place = `?tile=${tile.x},${tile.y}`;

test("a stroke is seen by others while it is drawn", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const herSecond = await alice.open(canvas, place);
  const his = await bob.open(canvas, place);
  await hers.openTile(tile);
  await hers.takeColor(3);
  await hers.penDown(tile, { x: 5, y: 7 });
  await hers.drawTo(tile, { x: 8, y: 7 });
  // The button is still down.
  for (const tab of [his, herSecond]) {
    await expect.poll(() => tab.pixel({ x: 8, y: 7 })).toBe(3);
  }
  await hers.drawTo(tile, { x: 11, y: 7 });
  await hers.penUp();
  const painted = Array.from({ length: 7 }, (_, step) => 7 * canvas.tile_size + 5 + step);
  for (const tab of [hers, his, herSecond]) {
    await expect
      .poll(async () => (await tab.pixels()).flatMap((color, at) => (color === 3 ? [at] : [])))
      .toEqual(painted);
  }
});

test("two people draw in one tile at once", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.openTile(tile);
  await his.openTile(tile);
  await hers.takeColor(1);
  await his.takeColor(2);
  await hers.penDown(tile, { x: 4, y: 5 });
  await his.penDown(tile, { x: 4, y: 9 });
  await hers.drawTo(tile, { x: 11, y: 5 });
  await his.drawTo(tile, { x: 11, y: 9 });
  await hers.penUp();
  await his.penUp();
  const expected = Array.from({ length: canvas.tile_size ** 2 }, (_, at) => {
    const x = at % canvas.tile_size;
    const y = Math.floor(at / canvas.tile_size);
    if (x < 4 || x > 11) return 255;
    return y === 5 ? 1 : y === 9 ? 2 : 255;
  });
  for (const tab of [hers, his]) await expect.poll(() => tab.pixels()).toEqual(expected);
});

test("who draws where is seen", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await his.show("People");
  await hers.openTile(tile);
  await expect(his.person("Alice")).toContainText("Draws in tile 2, 3");
  await hers.page.keyboard.press("Escape");
  await expect(hers.tools).toBeHidden();
  await expect(his.person("Alice")).not.toContainText("Draws in");
});

test("likes count the same in every tab", async ({ alice, bob, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, tile);
  const hers = await alice.open(canvas, place);
  const herSecond = await alice.open(canvas, place);
  const his = await bob.open(canvas, place);
  const tabs = [hers, herSecond, his];
  for (const tab of tabs) {
    await tab.show("Tile");
    await expect(tab.page.getByTestId("likes")).toHaveText("0");
  }
  await his.page.getByRole("button", { name: "Like", exact: true }).click();
  for (const tab of tabs) await expect(tab.page.getByTestId("likes")).toHaveText("1");
  await hers.page.getByRole("button", { name: "Like", exact: true }).click();
  for (const tab of tabs) await expect(tab.page.getByTestId("likes")).toHaveText("2");
  await expect(herSecond.page.getByRole("button", { name: "Unlike" })).toBeVisible();
  await his.page.getByRole("button", { name: "Unlike" }).click();
  for (const tab of tabs) await expect(tab.page.getByTestId("likes")).toHaveText("1");
});

test("pointing at a tile shows the others", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas, place);
  const his = await bob.open(canvas);
  await hers.show("Tile");
  await hers.page.getByRole("button", { name: "Point here" }).click();
  await expect(his.notices).toContainText("Alice points at tile 2, 3");
});
