// Several people in one tile: strokes merge, undo takes back one's own alone, and the canvas's
// policy says who may draw where.

import { type CanvasPage, type User, expect, test } from "../fixtures.ts";

const tile = { x: 2, y: 3 };

/** All tabs show the same in the end, and it is what the server has. */
async function expectEqual(tabs: CanvasPage[], user: User, expected: number[]): Promise<void> {
  for (const tab of tabs) await expect.poll(() => tab.pixels()).toEqual(expected);
  await expect.poll(() => user.stored(tabs[0].canvas, tile)).toEqual(expected);
}

test("crossing strokes end equal for both and on the server", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.openTile(tile);
  await his.openTile(tile);
  await hers.takeColor(1);
  await his.takeColor(2);
  // Both over the same pixels at once, so that the order decides.
  const zigzag = async (tab: CanvasPage, rows: number[]) => {
    await tab.penDown(tile, { x: 0, y: rows[0] });
    for (const [turn, y] of rows.entries()) {
      await tab.drawTo(tile, { x: turn % 2 === 0 ? 15 : 0, y });
    }
    await tab.penUp();
  };
  await Promise.all([zigzag(hers, [2, 6, 10, 14, 3]), zigzag(his, [14, 9, 4, 1, 12])]);
  const stored = () => alice.stored(canvas, tile);
  for (const tab of [hers, his]) {
    await expect(tab.connection).toHaveText("Live");
    await expect.poll(async () => (await tab.pixels()).join() === (await stored()).join()).toBe(true);
  }
  const colors = new Set(await hers.pixels());
  expect([...colors].sort((a, b) => a - b)).toEqual([1, 2, 255]);
  expect(await hers.pixels()).toEqual(await his.pixels());
});

test("undo leaves what somebody else painted over", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.openTile(tile);
  await his.openTile(tile);
  await hers.takeColor(1);
  await his.takeColor(2);
  await hers.stroke(tile, { x: 4, y: 5 }, { x: 9, y: 5 });
  await expect.poll(() => his.painted(1)).toHaveLength(6);
  await his.stroke(tile, { x: 6, y: 5 }, { x: 7, y: 5 });
  await expect.poll(() => hers.painted(2)).toEqual(["6,5", "7,5"]);

  await hers.page.keyboard.press("Control+z");
  const only = (painted: Record<string, number>) =>
    Array.from({ length: canvas.tile_size ** 2 }, (_, at) => {
      const x = at % canvas.tile_size;
      return painted[`${x},${Math.floor(at / canvas.tile_size)}`] ?? 255;
    });
  const bobs = { "6,5": 2, "7,5": 2 };
  await expectEqual([hers, his], alice, only(bobs));
  await hers.page.keyboard.press("Control+y");
  const both = { "4,5": 1, "5,5": 1, ...bobs, "8,5": 1, "9,5": 1 };
  await expectEqual([hers, his], alice, only(both));
  // What he painted over is his to take back, and what was below returns.
  await his.page.keyboard.press("Control+z");
  await expectEqual([hers, his], alice, only({ ...both, "6,5": 1, "7,5": 1 }));
});

test("a tile that was deleted while open can be drawn anew", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  await hers.openTile(tile);
  await hers.takeColor(1);
  await hers.dot(tile, { x: 1, y: 1 });
  await expect.poll(() => his.painted(1)).toEqual(["1,1"]);

  await hers.show("Tile");
  await hers.page.getByRole("button", { name: "Delete tile" }).click();
  const question = hers.page.getByRole("dialog", { name: "Delete tile 2, 3?" });
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(question).toBeHidden();
  expect(await hers.painted(1)).toEqual(["1,1"]);
  await hers.page.getByRole("button", { name: "Delete tile" }).click();
  await question.getByRole("button", { name: "Delete tile" }).click();
  for (const tab of [hers, his]) await expect.poll(() => tab.painted(1)).toEqual([]);

  await hers.dot(tile, { x: 5, y: 5 });
  for (const tab of [hers, his]) await expect.poll(() => tab.painted(1)).toEqual(["5,5"]);
});

test("where tiles are drawn one at a time, the second has to wait", async ({ alice, bob }) => {
  const canvas = await alice.createCanvas({ edit_policy: "exclusive" });
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.openTile(tile);
  await hers.takeColor(1);
  await hers.dot(tile, { x: 1, y: 1 });
  await his.show("Tile");
  const { x, y } = await his.toScreen(tile, { x: 8, y: 8 });
  await his.page.mouse.click(x, y);
  await expect(his.notices).toContainText("Locked while Alice draws in it.");
  await expect(his.tools).toBeHidden();

  await hers.page.keyboard.press("Escape");
  await expect(hers.tools).toBeHidden();
  await expect(async () => {
    await his.page.mouse.click(x, y);
    await expect(his.tools).toBeVisible({ timeout: 500 });
  }).toPass();
  await his.takeColor(2);
  await his.dot(tile, { x: 2, y: 1 });
  for (const tab of [hers, his]) await expect.poll(() => tab.painted(2)).toEqual(["2,1"]);
});

test("where tiles belong to who started them, nobody else draws there", async ({ alice, bob }) => {
  const canvas = await alice.createCanvas({ edit_policy: "own" });
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, tile);
  const his = await bob.open(canvas);
  const { x, y } = await his.toScreen(tile, { x: 8, y: 8 });
  await his.page.mouse.click(x, y);
  await expect(his.notices).toContainText(/Only .+ draws in this tile\./);
  await expect(his.tools).toBeHidden();
  // An empty cell is free.
  await his.openTile({ x: 5, y: 5 });
});

test("a viewer looks, talks and likes, and is told about drawing", async ({ alice, bob }) => {
  const canvas = await alice.createCanvas();
  const member = `/canvases/${canvas.id}/members/${bob.account.username}`;
  await alice.api("PUT", member, { role: "viewer" });
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, tile);
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const { x, y } = await his.toScreen(tile, { x: 8, y: 8 });
  await his.page.mouse.click(x, y);
  const why = "You may look, chat and like here, but not draw.";
  await expect(his.notices).toContainText(why);
  await expect(his.tools).toBeHidden();
  await his.show("Tile");
  await expect(his.panel("Tile")).toContainText(why);
  await expect(his.page.getByRole("button", { name: "Draw in this tile" })).toBeHidden();
  await his.page.getByRole("button", { name: "Like", exact: true }).click();
  await expect(his.page.getByTestId("likes")).toHaveText("1");
  await his.show("Chat");
  await his.say("Beautiful");
  await expect(hers.messages).toHaveText([/Beautiful/]);
});

test("the button to draw follows the canvas's policy", async ({ alice, bob, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, tile);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  await his.show("Tile");
  const draw = his.page.getByRole("button", { name: "Draw in this tile" });
  await expect(draw).toBeVisible();
  await alice.api("PATCH", `/canvases/${canvas.id}`, { edit_policy: "own" });
  await expect(draw).toBeHidden();
  await alice.api("PATCH", `/canvases/${canvas.id}`, { edit_policy: "open" });
  await expect(draw).toBeVisible();
});
