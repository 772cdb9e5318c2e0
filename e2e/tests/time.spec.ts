// The past of a canvas: the time bar by mouse, by keys and by finger, the moment in the address,
// what goes on meanwhile, and what is restored.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { type Canvas, type CanvasPage, type User, expect, test } from "../fixtures.ts";
import { TimeBar } from "../time-bar.ts";

const here = { x: 2, y: 2 };
const there = { x: 5, y: 3 };
const spot = (x: number, y = 0) => ({ x, y });

/** Alice paints ten pixels one by one in colour 1, then Bob ten in colour 2 in another tile. */
async function paintTwenty(alice: User, bob: User, canvas: Canvas): Promise<void> {
  for (let x = 0; x < 10; x += 1) await alice.paints(canvas, here, 1, [spot(x)]);
  for (let x = 0; x < 10; x += 1) await bob.paints(canvas, there, 2, [spot(x)]);
}

/** How many pixels of the first row of a tile are painted on the board. */
async function painted(tab: CanvasPage, tile: { x: number; y: number }): Promise<number> {
  let count = 0;
  for (let x = 0; x < 10; x += 1) {
    const color = await tab.seenColor(tile, spot(x));
    if (tab.canvas.palette.includes(color)) count += 1;
  }
  return count;
}

function panel(page: Page) {
  return page.getByTestId("rewrite");
}

test("one paints, drags to the middle, restores, undoes the restore, and shares a GIF", async ({
  alice,
  bob,
  canvas,
}) => {
  test.slow();
  const tab = await alice.open(canvas);
  const { page } = tab;
  await tab.openTile(here);
  await tab.takeColor(1);
  for (let x = 0; x < 10; x += 1) await tab.dot(here, spot(x));
  const row = async (color: number) => {
    const pixels = await alice.stored(canvas, here);
    return pixels.slice(0, 10).filter((found) => found === color).length;
  };
  await expect.poll(() => row(1)).toBe(10);
  await page.keyboard.press("Escape");
  await page.keyboard.press("0");
  expect(await painted(tab, here)).toBe(10);

  const time = new TimeBar(tab);
  await time.open();
  await time.isReady();
  await time.drag(1, 0.5);
  await expect(time.note).toBeVisible();
  await expect.poll(() => painted(tab, here)).toBe(5);
  await expect(page).toHaveURL(/[?&]t=\d+/);
  await expect(time.note.getByText("Alice at 2, 2")).toBeVisible();

  // Nothing can be drawn in the past, and the chat goes on.
  const { x, y } = await tab.toScreen(here, spot(3, 3));
  await page.mouse.click(x, y);
  await expect(tab.notices.getByText("This is the past. Go back to now to draw.")).toBeVisible();
  await expect(tab.tools).toBeHidden();
  await bob.says(canvas, ["I am still here"]);
  await tab.show("Chat");
  await expect(tab.row("I am still here")).toBeVisible();
  await bob.paints(canvas, there, 3, [spot(0)]);
  await bob.paints(canvas, there, 3, [spot(1)]);
  await expect(page.getByTestId("past-meanwhile")).toHaveText("2 changes since");
  expect(await painted(tab, there)).toBe(0);
  expect(await row(1)).toBe(10);

  // What would change is counted, and marked on the board.
  await time.note.getByRole("button", { name: "Restore this tile…" }).click();
  await expect(panel(page).getByRole("heading")).toHaveText("Restore tile 2, 2");
  await expect(page.getByTestId("rewrite-found")).toHaveText("1 tile, 5 pixels");
  await panel(page).getByRole("button", { name: "Restore" }).click();
  await expect(time.note).toBeHidden();
  await expect.poll(() => row(1)).toBe(5);
  await expect.poll(() => painted(tab, here)).toBe(5);
  expect(await painted(tab, there)).toBe(2);
  await expect(page).not.toHaveURL(/[?&]t=/);

  const toast = tab.notices.getByText("Restored: 1 tile, 5 pixels.");
  await expect(toast).toBeVisible();
  await toast.hover();
  await tab.notices.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => row(1)).toBe(10);
  await expect.poll(() => painted(tab, here)).toBe(10);

  // Others are shown how it came about.
  await tab.show("Tile");
  await page.getByRole("button", { name: "Share as GIF" }).click();
  const film = page.getByRole("img", { name: "How tile 2, 2 was drawn" });
  const width = () => film.evaluate((image) => (image as HTMLImageElement).naturalWidth);
  await expect.poll(width).toBe(canvas.tile_size * 8);
});

test("by keyboard alone one goes from change to change and from person to person", async ({
  alice,
  bob,
  canvas,
}) => {
  test.slow();
  await paintTwenty(alice, bob, canvas);
  const tab = await alice.open(canvas);
  const { page } = tab;
  const time = new TimeBar(tab);
  await page.keyboard.press("t");
  await time.isReady();
  await expect(time.handle).toBeFocused();
  await expect(time.handle).toHaveAttribute("aria-valuetext", "Now");

  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => painted(tab, there)).toBe(9);
  // A history of a few seconds is told by the second.
  await expect(time.handle).toHaveAttribute("aria-valuetext", /:\d\d:\d\d\D*, by Bob at 5, 3$/);
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => painted(tab, there)).toBe(8);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => painted(tab, there)).toBe(9);

  await page.keyboard.press("Shift+ArrowLeft");
  await expect(time.handle).toHaveAttribute("aria-valuetext", /, by Alice at 2, 2$/);
  await expect.poll(() => painted(tab, there)).toBe(0);
  expect(await painted(tab, here)).toBe(10);
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(() => painted(tab, there)).toBe(1);

  await page.keyboard.press("Home");
  await expect.poll(() => painted(tab, here)).toBe(0);
  await expect(time.note).toContainText("Before the first change");
  await page.keyboard.press("End");
  await expect(time.note).toBeHidden();
  await expect.poll(() => painted(tab, there)).toBe(10);

  // J and L play, K stops; it plays to now.
  await time.speed.selectOption("1×");
  await time.handle.focus();
  await page.keyboard.press("j");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await expect.poll(() => painted(tab, there)).toBeLessThan(10);
  await page.keyboard.press("k");
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  const stopped = await time.seq();
  expect(stopped).toBeGreaterThan(0);
  await page.keyboard.press("l");
  await page.keyboard.press("l");
  await expect(time.speed).toHaveValue("3");
  await expect(time.note).toBeHidden();
  expect(await painted(tab, there)).toBe(10);

  // The arrows are the board's while it has the focus.
  await tab.board.focus();
  await page.keyboard.press("Home");
  await expect(time.note).toBeVisible();
  const seq = await time.seq();
  await page.keyboard.press("ArrowRight");
  expect(await time.seq()).toBe(seq);
  // Enter would open a tile.
  await page.keyboard.press("Enter");
  await expect(tab.tools).toBeHidden();
  await page.keyboard.press("t");
  await expect(time.bar).toBeHidden();
  await expect(time.note).toBeHidden();
});

test("the address holds the moment", async ({ alice, bob, canvas }) => {
  test.slow();
  await paintTwenty(alice, bob, canvas);
  const tab = await alice.open(canvas, "?t=5");
  const { page } = tab;
  const time = new TimeBar(tab);
  await expect(time.note).toBeVisible();
  await expect.poll(() => painted(tab, here)).toBe(5);
  await time.note.getByRole("button", { name: "Back to now" }).click();
  await expect(page).not.toHaveURL(/[?&]t=/);
  await expect.poll(() => painted(tab, here)).toBe(10);
  await page.goBack();
  await expect(time.note).toBeVisible();
  await expect.poll(() => painted(tab, here)).toBe(5);

  // While one scrubs, there is one entry in the browser's history for all of it.
  await time.isReady();
  await time.drag(0.25, 0.4);
  await expect(page).toHaveURL(/[?&]t=8/);
  await time.drag(0.4, 0.7);
  await expect(page).toHaveURL(/[?&]t=14/);
  await page.goForward();
  await expect(time.note).toBeHidden();
  await page.goBack();
  await expect(page).toHaveURL(/[?&]t=14/);
  await expect.poll(() => painted(tab, there)).toBe(4);
  await page.reload();
  await tab.isLive();
  await expect.poll(() => painted(tab, there)).toBe(4);

  // What is not there is told.
  await page.goto(`/canvas/${canvas.id}?t=4711`);
  await tab.isLive();
  await expect(time.bar.getByRole("status")).toContainText(
    "This moment is not in the history of this canvas.",
  );
  await expect(page).not.toHaveURL(/[?&]t=/);
  expect(await painted(tab, there)).toBe(10);
});

test("a time in the address is the last event up to it", async ({ alice, bob, canvas }) => {
  await paintTwenty(alice, bob, canvas);
  const { items } = await alice.api<{ items: { seq: number; timestamp: string }[] }>(
    "GET",
    `/canvases/${canvas.id}/events?limit=200`,
  );
  const seventh = items.find(({ seq }) => seq === 7);
  const tab = await alice.open(canvas, `?t=${encodeURIComponent(String(seventh?.timestamp))}`);
  const time = new TimeBar(tab);
  await expect(time.note).toBeVisible();
  await expect.poll(() => time.seq()).toBe(7);
  expect(await painted(tab, here)).toBe(7);
});

test("while one drags, the board follows at once and the server is asked for nothing", async ({
  alice,
  bob,
  canvas,
}) => {
  await paintTwenty(alice, bob, canvas);
  const tab = await alice.open(canvas);
  const { page } = tab;
  const time = new TimeBar(tab);
  await time.open();
  await time.isReady();
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/canvases/")) asked.push(request.url());
  });
  await time.grab(1);
  for (const [place, mine, his] of [
    [0.75, 10, 5],
    [0.25, 5, 0],
    [0.0, 0, 0],
    [0.9, 10, 8],
    [0.5, 10, 0],
  ] as const) {
    await time.pull(place);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect([await painted(tab, here), await painted(tab, there)]).toEqual([mine, his]);
  }
  await time.letGo();
  expect(asked).toEqual([]);
});

test("in a long history the board follows from overviews, and is exact on release", async ({
  alice,
  canvas,
}) => {
  test.slow();
  // A history of more than what is fetched at once.
  const side = canvas.tile_size;
  const strokes = Array.from({ length: 2_400 }, (_, n) => ({
    type: "tile_paint",
    ...here,
    // Another colour in each round, so that every stroke changes something.
    pixels: [[(n * 7) % side ** 2, (n + Math.floor(n / side ** 2)) % canvas.palette.length]],
  }));
  for (let from = 0; from < strokes.length; from += 60) {
    await alice.sends(canvas, strokes.slice(from, from + 60));
  }
  const tab = await alice.open(canvas);
  const { page } = tab;
  const time = new TimeBar(tab);
  const pictures: string[] = [];
  page.on("response", (response) => {
    if (response.ok() && response.url().includes("/image.png?at=")) pictures.push(response.url());
  });
  await time.open();
  await time.isReady();
  await expect.poll(() => pictures.length).toBeGreaterThan(8);
  await time.grab(1);
  const before = pictures.length;
  await time.pull(0.25);
  await expect(time.note).toBeVisible();
  await expect(time.handle).toHaveAttribute("data-exact", /true|false/);
  await time.letGo();
  await expect(time.handle).toHaveAttribute("data-exact", "true");
  expect(before).toBeGreaterThan(0);
  const seq = await time.seq();
  // As the server has it then.
  const area = `x0=${here.x}&y0=${here.y}&x1=${here.x}&y1=${here.y}`;
  const then = await alice.api<{ tiles: { pixels: string }[] }>(
    "GET",
    `/canvases/${canvas.id}/snapshot?at=${seq}&${area}`,
  );
  const pixels = [...Buffer.from(then.tiles[0]?.pixels ?? "", "base64")];
  for (const x of [0, 3, 7, 11]) {
    const index = pixels[side + x] ?? 255;
    const seen = await tab.seenColor(here, spot(x, 1));
    expect(canvas.palette.indexOf(seen), `${x}`).toBe(index === 255 ? -1 : index);
  }
});

test("a history that cannot be reached is told, and asked for again", async ({ alice, bob, canvas }) => {
  await paintTwenty(alice, bob, canvas);
  const tab = await alice.open(canvas);
  const { page } = tab;
  const time = new TimeBar(tab);
  await page.route("**/timeline?*", (route) => route.abort());
  await time.open();
  await expect(time.bar.getByRole("status")).toContainText("The history cannot be reached just now.");
  await page.unroute("**/timeline?*");
  await time.bar.getByRole("button", { name: "Try again" }).click();
  await time.isReady();
  await time.drag(1, 0.5);
  await expect.poll(() => painted(tab, there)).toBe(0);
});

test("on a phone one drags with a finger and steps with buttons", { tag: "@touch" }, async ({
  newUser,
  alice,
  bob,
  canvas,
}) => {
  await paintTwenty(alice, bob, canvas);
  const phone = await newUser("Pia", {
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
  });
  const tab = await phone.open(canvas);
  const { page } = tab;
  const time = new TimeBar(tab);
  await page.getByRole("button", { name: "History", exact: true }).tap();
  await time.isReady();
  await time.touch(0.5);
  await expect(time.note).toBeVisible();
  await expect.poll(() => time.seq()).toBe(10);
  await page.getByRole("button", { name: "Previous change" }).tap();
  await expect.poll(() => time.seq()).toBe(9);
  await page.getByRole("button", { name: "Next change" }).tap();
  await expect.poll(() => time.seq()).toBe(10);
  for (const button of await time.bar.getByRole("button").all()) {
    const box = await button.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
  }
  // Nothing of it is outside of the screen.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBe(390);
  await time.note.getByRole("button", { name: "Back to now" }).tap();
  await expect(time.note).toBeHidden();
});

for (const colorScheme of ["dark", "light"] as const) {
  test.describe(`in the ${colorScheme} theme`, { tag: "@phone" }, () => {
    test.use({ colorScheme });

    test("the time bar and the past have no serious finding", async ({ alice, bob, canvas }) => {
      await paintTwenty(alice, bob, canvas);
      const tab = await alice.open(canvas);
      const { page } = tab;
      const time = new TimeBar(tab);
      await time.open();
      await time.isReady();
      const look = async () => {
        const { violations } = await new AxeBuilder({ page })
          .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
          .analyze();
        return violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
      };
      expect(await look()).toEqual([]);
      await page.keyboard.press("ArrowLeft");
      await expect(time.note).toBeVisible();
      expect(await look()).toEqual([]);
      await time.note.getByRole("button", { name: "Restore this area…" }).click();
      await expect(panel(page)).toBeVisible();
      expect(await look()).toEqual([]);
    });
  });
}
