// Finding one's way on the board: pan, zoom, links, the overview, and what it tells.

import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { type Camera, CanvasPage, type Place, expect, test } from "../fixtures.ts";

/** The board pixel at a place of the screen. */
async function under(tab: CanvasPage, { x, y }: Place): Promise<Place> {
  const box = await tab.box();
  const camera = await tab.camera();
  return {
    x: camera.x + (x - box.x - box.width / 2) / camera.zoom,
    y: camera.y + (y - box.y - box.height / 2) / camera.zoom,
  };
}

async function expectCamera(tab: CanvasPage, camera: Partial<Camera>): Promise<void> {
  await expect
    .poll(async () => {
      const now = await tab.camera();
      const parts = Object.keys(camera) as (keyof Camera)[];
      return Object.fromEntries(parts.map((part) => [part, Math.round(now[part] * 10) / 10]));
    })
    .toEqual(
      Object.fromEntries(
        Object.entries(camera).map(([part, value]) => [part, Math.round(value * 10) / 10]),
      ),
    );
}

/** Drags on the board by CSS pixels. */
async function drag(page: Page, from: Place, dx: number, dy: number, button?: "middle") {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down({ button });
  await page.mouse.move(from.x + dx, from.y + dy, { steps: 4 });
  await page.mouse.up({ button });
}

test("dragging pans, with space and the middle button also from an open tile", async ({
  alice,
  canvas,
}) => {
  const tab = await alice.open(canvas);
  const { page } = tab;
  const from = await tab.toScreen({ x: 4, y: 4 }, { x: 0, y: 0 });
  let camera = await tab.camera();
  const moved = (dx: number, dy: number): Camera => ({
    x: camera.x - dx / camera.zoom,
    y: camera.y - dy / camera.zoom,
    zoom: camera.zoom,
  });
  await drag(page, from, 60, -40);
  await expectCamera(tab, moved(60, -40));
  // A drag opens nothing.
  await expect(tab.tools).toBeHidden();

  await tab.openTile({ x: 4, y: 4 });
  await tab.isAtRest();
  const middle = await tab.toScreen({ x: 4, y: 4 }, { x: 8, y: 8 });
  camera = await tab.camera();
  await drag(page, middle, -30, 20, "middle");
  await expectCamera(tab, moved(-30, 20));
  camera = await tab.camera();
  await page.keyboard.down("Space");
  await drag(page, middle, 50, 10);
  await page.keyboard.up("Space");
  await expectCamera(tab, moved(50, 10));
  expect(await tab.pixels()).toEqual(await alice.stored(canvas, { x: 4, y: 4 }));
});

test("the wheel zooms at the pointer, with shift it pans", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const box = await tab.box();
  const pointer = { x: box.x + box.width / 2 + 90, y: box.y + box.height / 2 - 70 };
  await tab.page.mouse.move(pointer.x, pointer.y);
  const before = await under(tab, pointer);
  const { zoom } = await tab.camera();
  await tab.page.mouse.wheel(0, -400);
  await expect.poll(async () => (await tab.camera()).zoom).toBeGreaterThan(zoom * 1.5);
  const after = await under(tab, pointer);
  expect(after.x).toBeCloseTo(before.x, 3);
  expect(after.y).toBeCloseTo(before.y, 3);

  const camera = await tab.camera();
  await tab.page.keyboard.down("Shift");
  await tab.page.mouse.wheel(0, 50);
  await tab.page.keyboard.up("Shift");
  await expectCamera(tab, { ...camera, x: camera.x + 50 / camera.zoom });
});

test("keys and buttons pan and zoom", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const { page } = tab;
  const fit = await tab.camera();
  await page.keyboard.press("+");
  await expectCamera(tab, { ...fit, zoom: fit.zoom * 1.5 });
  await page.keyboard.press("-");
  await expectCamera(tab, fit);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expectCamera(tab, { zoom: fit.zoom * 2.25 });
  await page.keyboard.press("ArrowRight");
  await expectCamera(tab, { x: fit.x + 96 / (fit.zoom * 2.25), y: fit.y });
  await page.keyboard.press("a");
  await page.keyboard.press("w");
  await expectCamera(tab, { x: fit.x, y: fit.y - 96 / (fit.zoom * 2.25) });
  await page.getByRole("button", { name: "Zoom out" }).click();
  await page.keyboard.press("0");
  await expectCamera(tab, fit);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.getByRole("button", { name: "Whole board" }).click();
  await expectCamera(tab, fit);
});

test("the view is in the address, for a reload and for others", async ({ alice, bob, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.page.keyboard.press("+");
  await tab.page.keyboard.press("+");
  await tab.page.keyboard.press("d");
  await tab.isAtRest();
  const camera = await tab.camera();
  await expect
    .poll(() => new URL(tab.page.url()).hash.slice(1).split(",").map(Number).map(Math.round))
    .toEqual([camera.x, camera.y, camera.zoom].map(Math.round));
  await tab.page.reload();
  await tab.isLive();
  await expectCamera(tab, camera);

  const his = await bob.open(canvas, new URL(tab.page.url()).hash);
  await expectCamera(his, camera);
  // A link that somebody follows within the page leads there as well.
  await his.page.evaluate(() => {
    location.hash = "#20,30,9";
  });
  await expectCamera(his, { x: 20, y: 30, zoom: 9 });
});

test("a link to a tile flies there, selects it, and tells who made it", async ({
  alice,
  bob,
  canvas,
}) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, { x: 6, y: 2, title: "Comet" });
  const tab = await bob.open(canvas, "?tile=6,2");
  await expectCamera(tab, { x: 6.5 * canvas.tile_size, y: 2.5 * canvas.tile_size });
  await tab.show("Tile");
  const panel = tab.panel("Tile");
  await expect(panel.getByRole("heading", { name: "Comet" })).toBeVisible();
  await expect(tab.page.getByRole("gridcell")).toHaveText(/tile 6, 2, by .+, 0 likes/);
  await expect(tab.tools).toBeHidden();
});

test("a link to a tile that is not there shows the whole board", async ({ alice, canvas }) => {
  const plain = await alice.open(canvas);
  const fit = await plain.camera();
  const tab = await alice.open(canvas, "?tile=99,1");
  await expectCamera(tab, fit);
  await tab.show("Tile");
  await expect(tab.panel("Tile")).toContainText("No tile selected");
});

test("the overview shows where one is and leads elsewhere", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  for (const _ of [1, 2, 3, 4]) await tab.page.keyboard.press("+");
  await tab.isAtRest();
  const overview = tab.page.getByRole("img", { name: "Overview of the board" });
  const box = await overview.boundingBox();
  if (!box) throw new Error("there is no overview");
  await overview.click({ position: { x: box.width / 4, y: box.height * 0.75 } });
  const side = 8 * canvas.tile_size;
  await expect.poll(async () => Math.round(((await tab.camera()).x / side) * 20) / 20).toBe(0.25);
  await expect.poll(async () => Math.round(((await tab.camera()).y / side) * 20) / 20).toBe(0.75);
});

test("the pointer tells the place and who drew there", async ({ alice, bob, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, { x: 5, y: 1 });
  const tab = await bob.open(canvas);
  const over = async (tile: Place) => {
    const { x, y } = await tab.toScreen(tile, { x: 3, y: 3 });
    await tab.page.mouse.move(x, y);
  };
  await over({ x: 2, y: 3 });
  await expect(tab.place).toHaveText("2, 3");
  await over({ x: 5, y: 1 });
  // The creator's name, as it was met on the canvas or stands in the tile.
  await expect(tab.place).toHaveText(/^5, 1 by /);
  const { x, y } = await tab.box();
  await tab.page.mouse.move(x + 5, y + 5);
  await expect(tab.place).toHaveText("");
});

test("a link with a tile and a view opens the view, with the tile chosen", async ({
  alice,
  canvas,
}) => {
  const tab = await alice.open(canvas, "?tile=7,7#20,30,9");
  await tab.show("Tile");
  await expect(tab.page.getByRole("button", { name: "Point here" })).toBeVisible();
  await expectCamera(tab, { x: 20, y: 30, zoom: 9 });
  expect(new URL(tab.page.url()).search).toBe("?tile=7,7");
});

test("an arrow at the edge leads to what somebody points at", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas, "?tile=7,7");
  const his = await bob.open(canvas, "#8,8,30");
  await hers.show("Tile");
  await hers.page.getByRole("button", { name: "Point here" }).click();
  const arrow = his.page.getByRole("button", { name: "Go to tile 7, 7, pointed at by Alice" });
  const board = await his.box();
  const middle = async (): Promise<[number, number]> => {
    const { x, y, width, height } = (await arrow.boundingBox()) ?? board;
    return [x + width / 2 - board.x, y + height / 2 - board.y];
  };
  // The tile lies far to the right and below: so does the arrow, whole.
  await expect.poll(async () => (await middle())[0]).toBeGreaterThan(board.width * 0.7);
  await expect.poll(async () => (await middle())[1]).toBeGreaterThan(board.height * 0.7);
  const [across, down] = await middle();
  expect(across).toBeLessThan(board.width - 20);
  expect(down).toBeLessThan(board.height - 20);
  await arrow.click();
  await expectCamera(his, { x: 7.5 * canvas.tile_size, y: 7.5 * canvas.tile_size, zoom: 30 });
  await expect(arrow).toBeHidden();
});

test("nothing is drawn while nothing happens", async ({ alice, bob, canvas }) => {
  const page = await alice.context.newPage();
  await page.addInitScript(() => {
    const real = window.requestAnimationFrame.bind(window);
    const counted = Object.assign(window, { asked: 0, realFrame: real });
    window.requestAnimationFrame = (act) => {
      counted.asked += 1;
      return real(act);
    };
  });
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await tab.isLive();
  await tab.isAtRest();
  /** Frames that the page asks for while the browser shows this many. */
  const drawn = (shown: number) =>
    page.evaluate(async (shown) => {
      const counted = window as unknown as {
        asked: number;
        realFrame: typeof requestAnimationFrame;
      };
      const before = counted.asked;
      for (let frame = 0; frame < shown; frame += 1) await new Promise(counted.realFrame);
      return counted.asked - before;
    }, shown);
  // The last of opening may still be under way.
  await expect.poll(() => drawn(30)).toBe(0);
  expect(await drawn(60)).toBe(0);

  // What others draw is, and then it rests again.
  const before = await page.evaluate<number>("window.asked");
  await bob.api("POST", `/canvases/${canvas.id}/tiles`, { x: 1, y: 1 });
  await expect.poll(() => page.evaluate<number>("window.asked")).toBeGreaterThan(before);
  await expect.poll(() => drawn(30)).toBe(0);
});

test("the board is crisp on a dense screen", async ({ newUser, canvas }) => {
  const user = await newUser("Dora", { deviceScaleFactor: 2 });
  const tab = await user.open(canvas);
  const box = await tab.box();
  const sizes = await tab.board
    .locator("canvas")
    .evaluateAll((all) => all.map((one) => [(one as HTMLCanvasElement).width]));
  expect(sizes).toEqual([[Math.round(box.width * 2)], [Math.round(box.width * 2)]]);
});

test("the link is copied, and the picture downloaded", async ({ newUser, alice, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, { x: 1, y: 1 });
  const user = await newUser("Sharon", { permissions: ["clipboard-read", "clipboard-write"] });
  const tab = await user.open(canvas, "#40,40,12");
  await tab.page.getByRole("button", { name: "Share link" }).click();
  await expect(tab.notices).toContainText("Link copied");
  expect(await tab.page.evaluate(() => navigator.clipboard.readText())).toBe(tab.page.url());

  await tab.page.getByRole("button", { name: "Menu" }).click();
  await tab.page.getByRole("button", { name: "Export…" }).click();
  const sheet = tab.page.getByRole("dialog", { name: "Export" });
  await sheet.getByRole("radio", { name: "PNG", exact: true }).check();
  await sheet.getByRole("radio", { name: "4×" }).check();
  await expect(sheet).toContainText("512 × 512 pixels");
  const download = tab.page.waitForEvent("download");
  await sheet.getByRole("link", { name: "Download" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe(`${canvas.name}.png`);
  const bytes = await readFile(await file.path());
  expect(bytes.subarray(1, 4).toString()).toBe("PNG");
  // The width, as the header of a PNG has it.
  expect(bytes.readUInt32BE(16)).toBe(512);
});
