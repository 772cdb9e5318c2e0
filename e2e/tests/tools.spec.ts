// The drawing tools as a hand and a keyboard use them.

import { type CanvasPage, type User, expect, test } from "../fixtures.ts";

const tile = { x: 3, y: 2 };

/** The palette's colours by the key that takes them. */
const red = 2;
const key = (color: number) => String(color + 1);

/** Pixels of a row, as `CanvasPage.painted` gives them. */
function row(y: number, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, step) => `${from + step},${y}`);
}

async function expectPainted(tab: CanvasPage, color: number, pixels: string[]): Promise<void> {
  await expect
    .poll(async () => (await tab.painted(color)).sort())
    .toEqual([...pixels].sort());
}

/** What is shown, the server has as well. */
async function expectStored(tab: CanvasPage, user: User): Promise<void> {
  const shown = await tab.pixels();
  await expect.poll(() => user.stored(tab.canvas, tile)).toEqual(shown);
}

test("every tool has its key", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const { keyboard } = tab.page;
  await tab.openTile(tile);

  await keyboard.press("r");
  await keyboard.press(key(1));
  await tab.penDown(tile, { x: 3, y: 3 });
  await tab.drawTo(tile, { x: 8, y: 7 });
  // A shape is shown, and painted when the tool is lifted.
  expect(await tab.painted(1)).toEqual([]);
  await tab.penUp();
  const outline = [...row(3, 3, 8), ...row(7, 3, 8)];
  for (const y of [4, 5, 6]) outline.push(`3,${y}`, `8,${y}`);
  await expectPainted(tab, 1, outline);

  await keyboard.press("f");
  await keyboard.press(key(red));
  await tab.dot(tile, { x: 5, y: 5 });
  await expectPainted(tab, red, [4, 5, 6].flatMap((y) => row(y, 4, 7)));

  await keyboard.press("e");
  await tab.stroke(tile, { x: 3, y: 3 }, { x: 5, y: 3 });
  await expectPainted(
    tab,
    1,
    outline.filter((pixel) => !row(3, 3, 5).includes(pixel)),
  );

  await keyboard.press("l");
  await keyboard.press(key(3));
  await tab.stroke(tile, { x: 0, y: 15 }, { x: 2, y: 13 });
  await expectPainted(tab, 3, ["0,15", "1,14", "2,13"]);

  await keyboard.press("c");
  await keyboard.press(key(4));
  await tab.stroke(tile, { x: 10, y: 9 }, { x: 14, y: 13 });
  await expectPainted(tab, 4, [
    ...row(9, 11, 13),
    ...[10, 11, 12].flatMap((y) => [`10,${y}`, `14,${y}`]),
    ...row(13, 11, 13),
  ]);

  await keyboard.press("p");
  await keyboard.press(key(5));
  await tab.stroke(tile, { x: 0, y: 0 }, { x: 4, y: 0 });
  await expectPainted(tab, 5, row(0, 0, 4));
  await expectStored(tab, alice);
});

test("every tool has its button, and says when it is taken", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  const names = ["Pencil", "Eraser", "Fill", "Line", "Rectangle", "Circle", "Picker"];
  for (const name of names) {
    await tab.take(name);
    await expect(tab.tools.getByRole("button", { name, pressed: true })).toBeVisible();
    for (const other of names.filter((other) => other !== name)) {
      await expect(
        tab.tools.getByRole("button", { name: other, exact: true }),
      ).toHaveAttribute("aria-pressed", "false");
    }
  }
});

test("shift draws straight lines and squares", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const { keyboard } = tab.page;
  await tab.openTile(tile);

  await keyboard.press("l");
  await keyboard.press(key(1));
  await keyboard.down("Shift");
  await tab.stroke(tile, { x: 2, y: 2 }, { x: 10, y: 3 });
  await keyboard.up("Shift");
  await expectPainted(tab, 1, row(2, 2, 10));

  await keyboard.press("r");
  await keyboard.press(key(red));
  await keyboard.down("Shift");
  await tab.stroke(tile, { x: 2, y: 6 }, { x: 6, y: 8 });
  await keyboard.up("Shift");
  const painted = await tab.painted(red);
  const columns = new Set(painted.map((pixel) => pixel.split(",")[0]));
  const rows = new Set(painted.map((pixel) => pixel.split(",")[1]));
  expect(columns.size).toBe(rows.size);
  expect(columns.size).toBeGreaterThan(1);

  // The pencil goes on from where it was lifted.
  await keyboard.press("p");
  await keyboard.press(key(3));
  await tab.dot(tile, { x: 1, y: 13 });
  await keyboard.down("Shift");
  await tab.dot(tile, { x: 9, y: 13 });
  await keyboard.up("Shift");
  await expectPainted(tab, 3, row(13, 1, 9));
});

test("the right button draws with the second colour, and X swaps them", async ({
  alice,
  canvas,
}) => {
  const tab = await alice.open(canvas);
  const { mouse, keyboard } = tab.page;
  await tab.openTile(tile);
  await tab.takeColor(3);
  await tab.tools.locator('[data-color="5"]').click({ button: "right" });
  await tab.dot(tile, { x: 1, y: 1 });
  const { x, y } = await tab.toScreen(tile, { x: 3, y: 1 });
  await mouse.move(x, y);
  await mouse.down({ button: "right" });
  await tab.drawTo(tile, { x: 5, y: 1 });
  await mouse.up({ button: "right" });
  await expectPainted(tab, 3, ["1,1"]);
  await expectPainted(tab, 5, row(1, 3, 5));

  await keyboard.press("x");
  await tab.dot(tile, { x: 1, y: 3 });
  await expectPainted(tab, 5, [...row(1, 3, 5), "1,3"]);
  await tab.tools.getByRole("button", { name: "Swap colours" }).click();
  await tab.dot(tile, { x: 1, y: 5 });
  await expectPainted(tab, 3, ["1,1", "1,5"]);
});

test("mirror draws on both halves", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  await tab.takeColor(1);
  const mirror = tab.tools.getByRole("button", { name: "Mirror" });
  await tab.page.keyboard.press("m");
  await expect(mirror).toHaveAttribute("aria-pressed", "true");
  await tab.stroke(tile, { x: 1, y: 4 }, { x: 3, y: 4 });
  await expectPainted(tab, 1, [...row(4, 1, 3), ...row(4, 12, 14)]);
  await mirror.click();
  await tab.dot(tile, { x: 0, y: 0 });
  await expectPainted(tab, 1, ["0,0", ...row(4, 1, 3), ...row(4, 12, 14)]);
});

test("the picker and Alt take a colour from the board", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const { keyboard } = tab.page;
  await tab.openTile(tile);
  const swatch = (color: number) => tab.tools.locator(`[data-color="${color}"]`);
  await tab.takeColor(4);
  await tab.dot(tile, { x: 2, y: 2 });
  await tab.takeColor(6);
  await tab.dot(tile, { x: 4, y: 2 });

  await keyboard.press("i");
  await tab.dot(tile, { x: 2, y: 2 });
  await expect(swatch(4)).toHaveAttribute("aria-pressed", "true");
  // Having picked, one draws.
  await expect(tab.tools.getByRole("button", { name: "Pencil" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await keyboard.down("Alt");
  await tab.dot(tile, { x: 4, y: 2 });
  await keyboard.up("Alt");
  await expect(swatch(6)).toHaveAttribute("aria-pressed", "true");
  await expectPainted(tab, 4, ["2,2"]);
});

test("undo and redo go back and forth, by keys and by buttons", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const { keyboard } = tab.page;
  await tab.openTile(tile);
  const undo = tab.tools.getByRole("button", { name: "Undo" });
  const redo = tab.tools.getByRole("button", { name: "Redo" });
  await expect(undo).toBeDisabled();
  await expect(redo).toBeDisabled();

  await tab.takeColor(1);
  await tab.stroke(tile, { x: 2, y: 2 }, { x: 6, y: 2 });
  await tab.takeColor(red);
  await tab.stroke(tile, { x: 4, y: 1 }, { x: 4, y: 4 });
  await expectPainted(tab, red, ["4,1", "4,2", "4,3", "4,4"]);

  await keyboard.press("Control+z");
  await expectPainted(tab, red, []);
  // What the second stroke had covered is back.
  await expectPainted(tab, 1, row(2, 2, 6));
  await keyboard.press("Control+z");
  await expectPainted(tab, 1, []);
  await expect(undo).toBeDisabled();
  await keyboard.press("Control+y");
  await expectPainted(tab, 1, row(2, 2, 6));
  await keyboard.press("Control+Shift+z");
  await expectPainted(tab, red, ["4,1", "4,2", "4,3", "4,4"]);
  await expect(redo).toBeDisabled();
  await undo.click();
  await expectPainted(tab, red, []);
  await redo.click();
  await expectPainted(tab, red, ["4,1", "4,2", "4,3", "4,4"]);
  await undo.click();
  // A new stroke ends what could be redone.
  await tab.dot(tile, { x: 9, y: 9 });
  await expect(redo).toBeDisabled();
  await expectStored(tab, alice);
});

test("a fast stroke has no holes", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  await tab.takeColor(1);
  await tab.penDown(tile, { x: 0, y: 7 });
  // In one leap.
  const { x, y } = await tab.toScreen(tile, { x: 15, y: 7 });
  await tab.page.mouse.move(x, y);
  await tab.penUp();
  await expectPainted(tab, 1, row(7, 0, 15));
  // And one that leaves the tile on the way paints up to its edge.
  await tab.takeColor(red);
  await tab.penDown(tile, { x: 12, y: 3 });
  await tab.drawTo(tile, { x: 20, y: 3 });
  await tab.penUp();
  await expectPainted(tab, red, row(3, 12, 15));
  await expectStored(tab, alice);
});

test("Escape and Done leave the tile", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  await tab.page.keyboard.press("Escape");
  await expect(tab.tools).toBeHidden();
  await tab.show("Tile");
  await expect(tab.panel("Tile")).toContainText("Tile 3, 2");
  await tab.page.keyboard.press("Escape");
  await expect(tab.panel("Tile")).toContainText("No tile selected");

  await tab.openTile(tile);
  await tab.tools.getByRole("button", { name: "Done" }).click();
  await expect(tab.tools).toBeHidden();
  // An empty cell that was only looked at stays empty.
  expect(await alice.api("GET", `/canvases/${canvas.id}`)).toMatchObject({ tile_count: 0 });
});

test("what is typed in a field is no shortcut", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  const camera = await tab.camera();
  await tab.message.pressSequentially("erlm 123 +wasd");
  await expect(tab.message).toHaveValue("erlm 123 +wasd");
  await expect(tab.tools.getByRole("button", { name: "Pencil" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(tab.tools.getByRole("button", { name: "Mirror" })).toHaveAttribute(
    "aria-pressed",
    "false",
  );
  expect(await tab.camera()).toEqual(camera);
});
