// Code splitting: the board is shown with the code of its page alone; the rest comes after it, also
// when it could not be fetched at first.

import { type Canvas, CanvasPage, type User, expect, test } from "../fixtures.ts";
import { TimeBar } from "../time-bar.ts";

/** The file with the panels' code. */
const panels = /split_panels\.wasm/;

/** Opens a canvas whose panels are held back. Returns its live tab, and what lets the panels come. */
async function openWithoutPanels(
  user: User,
  canvas: Canvas,
): Promise<{ tab: CanvasPage; release: () => void }> {
  const page = await user.context.newPage();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(panels, async (route) => {
    await released;
    await route.continue();
  });
  const asked = page.waitForRequest(panels);
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await tab.hasLiveBoard();
  await asked;
  return { tab, release };
}

test("the board is live before the panels are there", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  await bob.says(canvas, ["Hello"]);
  const { tab, release } = await openWithoutPanels(alice, canvas);
  await tab.show("Chat");
  await expect(tab.panel("Chat")).toBeVisible();
  await expect(tab.messages).toHaveCount(0);
  release();
  await expect(tab.messages).toHaveText([/Hello/]);
});

test("a key opens the time bar when the panels are there", async ({ alice, canvas }) => {
  const { tab, release } = await openWithoutPanels(alice, canvas);
  const { bar } = new TimeBar(tab);
  // Whoever presses it again does not close what is not there yet.
  await tab.page.keyboard.press("t");
  await tab.page.keyboard.press("t");
  await expect(bar).toBeHidden();
  release();
  await expect(bar).toBeVisible();
  await tab.page.keyboard.press("t");
  await expect(bar).toBeHidden();
});

test("the clock opens the time bar when the panels are there", async ({ alice, canvas }) => {
  const { tab, release } = await openWithoutPanels(alice, canvas);
  const { bar } = new TimeBar(tab);
  await tab.page.getByRole("button", { name: "History", exact: true }).click();
  await expect(bar).toBeHidden();
  release();
  await expect(bar).toBeVisible();
});

test("a dropped file replaces no page before the panels are there", async ({ alice, canvas }) => {
  const { tab, release } = await openWithoutPanels(alice, canvas);
  const prevented = await tab.board.evaluate((board) => {
    const data = new DataTransfer();
    data.items.add(new File(["x"], "x.png", { type: "image/png" }));
    return ["dragover", "drop"].map((type) => {
      const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data });
      board.dispatchEvent(event);
      return event.defaultPrevented;
    });
  });
  expect(prevented).toEqual([true, true]);
  release();
});

test("what could not be fetched is fetched again", async ({ alice, bob, canvas }) => {
  await bob.says(canvas, ["Hello"]);
  const page = await alice.context.newPage();
  await page.route(panels, (route) => route.abort());
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await tab.hasLiveBoard();
  await page.getByRole("button", { name: "Menu" }).click();
  const failure = page.getByRole("alert").filter({ hasText: "The server cannot be reached" });
  await expect(failure).toBeVisible();
  await page.unroute(panels);
  await expect(page.getByRole("button", { name: "Keyboard shortcuts" })).toBeVisible();
  await expect(failure).toBeHidden();
  await expect(tab.messages).toHaveText([/Hello/]);
});
