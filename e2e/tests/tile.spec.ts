// One tile: its title, its past, its link, and pictures that are brought in.

import type { Locator } from "@playwright/test";
import { type Canvas, type CanvasPage, type User, expect, test } from "../fixtures.ts";

const tile = { x: 2, y: 3 };
const pattern = Array.from({ length: 256 }, (_, at) => (at * 7 + (at >> 4)) % 5);

test("a title is given, and seen by others", async ({ alice, bob, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, tile);
  const hers = await alice.open(canvas, `?tile=${tile.x},${tile.y}`);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  for (const tab of [hers, his]) await tab.show("Tile");
  await hers.page.getByRole("button", { name: "Edit title" }).click();
  await hers.page.getByRole("textbox", { name: "Title" }).fill("Comet");
  await hers.page.keyboard.press("Enter");
  for (const tab of [hers, his]) {
    await expect(tab.panel("Tile").getByRole("heading", { name: "Comet" })).toBeVisible();
  }
});

test("the past of a tile tells who did what", async ({ alice, bob, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, tile);
  const his = await bob.open(canvas);
  await his.openTile(tile);
  await his.dot(tile, { x: 1, y: 1 });
  await expect.poll(async () => new Set(await bob.stored(canvas, tile)).size).toBe(2);
  const hers = await alice.open(canvas, `?tile=${tile.x},${tile.y}`);
  await hers.show("Tile");
  await hers.panel("Tile").getByText("History", { exact: true }).click();
  const rows = hers.page.getByRole("list", { name: "History" }).getByRole("listitem");
  await expect(rows).toHaveText([/Bob\s*Drew in it/, /Alice\s*Started it/]);
  // What happens now is told as well.
  await his.show("Tile");
  await his.page.getByRole("button", { name: "Like", exact: true }).click();
  await expect(rows.first()).toHaveText(/Bob\s*Likes it/);
  await expect(hers.panel("Tile")).toContainText("Drawing here now: Bob");
});

test("the link to a tile is copied", async ({ newUser, canvas }) => {
  const user = await newUser("Sharon", { permissions: ["clipboard-read", "clipboard-write"] });
  const tab = await user.open(canvas);
  await tab.openTile(tile);
  await tab.page.keyboard.press("Escape");
  await tab.show("Tile");
  // An empty cell may be pointed at; a painted one has a link of its own.
  await user.api("POST", `/canvases/${canvas.id}/tiles`, tile);
  await tab.page.getByRole("link", { name: "Copy link" }).click();
  await expect(tab.notices).toContainText("Link to this tile copied.");
  const link = await tab.page.evaluate(() => navigator.clipboard.readText());
  const page = await user.context.newPage();
  await page.goto(link);
  await expect(page.getByRole("gridcell")).toContainText("tile 2, 3");
});

/** A picture with the pattern in a canvas's own colours. */
async function picture(user: User, canvas: Canvas): Promise<Buffer> {
  const { palette } = canvas;
  const source = await user.createCanvas({ width: 1, height: 1, palette, visibility: "unlisted" });
  const pixels = Buffer.from(pattern).toString("base64");
  await user.api("POST", `/canvases/${source.id}/tiles`, { x: 0, y: 0, pixels });
  const answer = await user.context.request.get(`/api/v1/canvases/${source.id}/image.png?scale=1`);
  return answer.body();
}

async function bringIn(tab: CanvasPage, buffer: Buffer): Promise<Locator> {
  const chooser = tab.page.waitForEvent("filechooser");
  await tab.tools.getByRole("button", { name: "Bring in a picture" }).click();
  await (await chooser).setFiles({ name: "picture.png", mimeType: "image/png", buffer });
  return tab.page.getByRole("dialog", { name: "Bring in a picture" });
}

test("a picture is brought into a tile pixel by pixel, and taken back", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  const buffer = await picture(alice, canvas);
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  await hers.openTile(tile);
  const dialog = await bringIn(hers, buffer);
  await expect(dialog).toContainText("This tile, 16 × 16 pixels");
  await expect(dialog.getByTestId("import-preview")).toBeVisible();
  // Nothing is painted before one says so.
  expect(new Set(await hers.pixels())).toEqual(new Set([255]));
  await dialog.getByRole("button", { name: "Paint it" }).click();
  for (const tab of [hers, his]) await expect.poll(() => tab.pixels()).toEqual(pattern);
  await expect.poll(() => alice.stored(canvas, tile)).toEqual(pattern);
  await hers.tools.getByRole("button", { name: "Undo" }).click();
  for (const tab of [hers, his]) {
    await expect.poll(async () => new Set(await tab.pixels())).toEqual(new Set([255]));
  }
});

test("a picture over several tiles is taken back in one step", async ({ alice, canvas }) => {
  const buffer = await picture(alice, canvas);
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  const dialog = await bringIn(tab, buffer);
  await dialog.getByRole("slider", { name: "Size" }).fill("2");
  await expect(dialog).toContainText("2 × 2 tiles, 32 × 32 pixels");
  await dialog.getByRole("button", { name: "Paint it" }).click();
  const cells = [0, 1].flatMap((dy) => [0, 1].map((dx) => ({ x: tile.x + dx, y: tile.y + dy })));
  // Each pixel four times.
  const expected = (dx: number, dy: number) =>
    Array.from({ length: 256 }, (_, at) => {
      const [x, y] = [(at % 16) + 16 * dx, Math.floor(at / 16) + 16 * dy];
      return pattern[Math.floor(y / 2) * 16 + Math.floor(x / 2)];
    });
  for (const { x, y } of cells) {
    await expect
      .poll(() => alice.stored(canvas, { x, y }))
      .toEqual(expected(x - tile.x, y - tile.y));
  }
  await tab.page.keyboard.press("Control+z");
  for (const cell of cells) {
    await expect
      .poll(async () => new Set(await alice.stored(canvas, cell)))
      .toEqual(new Set([255]));
  }
});

test("a picture is pasted or dropped on the board", async ({ alice, canvas }) => {
  const buffer = await picture(alice, canvas);
  const tab = await alice.open(canvas);
  const bytes = [...buffer];
  const paste = (bytes: number[], type: string) =>
    tab.page.evaluate(
      ({ bytes, type }) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "pasted", { type }));
        const event = { clipboardData: data, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new ClipboardEvent("paste", event));
      },
      { bytes, type },
    );
  await paste(bytes, "image/png");
  await expect(tab.notices).toContainText("Choose a tile first, then paste the picture.");
  await tab.openTile(tile);
  await paste([1, 2, 3], "image/png");
  await expect(tab.notices).toContainText("This is no picture that can be read.");
  await paste(bytes, "image/png");
  const dialog = tab.page.getByRole("dialog", { name: "Bring in a picture" });
  await dialog.getByRole("button", { name: "Paint it" }).click();
  await expect.poll(() => alice.stored(canvas, tile)).toEqual(pattern);

  await tab.page.keyboard.press("Escape");
  await tab.page.keyboard.press("0");
  const other = { x: 5, y: 1 };
  const { x, y } = await tab.toScreen(other, { x: 8, y: 8 });
  await tab.board.evaluate(
    (board, { bytes, x, y }) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
      const event = { dataTransfer: data, clientX: x, clientY: y, bubbles: true, cancelable: true };
      board.dispatchEvent(new DragEvent("drop", event));
    },
    { bytes, x, y },
  );
  await dialog.getByRole("button", { name: "Paint it" }).click();
  await expect.poll(() => alice.stored(canvas, other)).toEqual(pattern);
});
