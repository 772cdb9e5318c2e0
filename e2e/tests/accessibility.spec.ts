// Usable by everybody: no serious finding of an automated audit on any page in either theme, and
// every journey by keyboard alone.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { CanvasPage, expect, freshName, test } from "../fixtures.ts";

const tile = { x: 3, y: 3 };

/** What an automated audit finds that hinders somebody. */
async function findings(page: Page, within = "html"): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .include(within)
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

for (const colorScheme of ["dark", "light"] as const) {
  // The layout is looked at on a phone too, the colours are the same there.
  const tag = colorScheme === "dark" ? "@phone" : [];
  test.describe(`in the ${colorScheme} theme`, { tag }, () => {
    test.use({ colorScheme });

    test("the start page and its forms have no serious finding", async ({ page, canvas }) => {
      await page.goto("/");
      await expect(page.getByRole("link", { name: canvas.name }).first()).toBeVisible();
      expect(await findings(page)).toEqual([]);
      await page.getByRole("button", { name: "Register" }).click();
      await page.getByRole("button", { name: "Register" }).click();
      await expect(page.getByText("At least 8 characters, please.")).toBeVisible();
      expect(await findings(page)).toEqual([]);
      await page.goto("/nowhere");
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      expect(await findings(page)).toEqual([]);
    });

    test("the form for a new canvas has none", async ({ alice }) => {
      const page = await alice.context.newPage();
      await page.goto("/");
      await page.getByRole("button", { name: "New canvas" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      expect(await findings(page)).toEqual([]);
    });

    test("the dialogs of a canvas have none", async ({ alice, canvas }) => {
      const { page } = await alice.open(canvas);
      const names = [
        ["Profile", "Profile"],
        ["Canvas settings", "Canvas"],
        ["Export…", "Export"],
        ["Keyboard shortcuts", "Keyboard shortcuts"],
        ["Sign out", "Sign out?"],
      ] as const;
      for (const [item, name] of names) {
        await page.getByRole("button", { name: "Menu" }).click();
        await page.getByRole("button", { name: item }).click();
        const dialog = page.getByRole("dialog", { name });
        await expect(dialog).toBeVisible();
        expect(await findings(page)).toEqual([]);
        await page.keyboard.press("Escape");
        await expect(dialog).toBeHidden();
      }
    });

    test("a canvas has none, in any panel and with a tile open", async ({ alice, bob, canvas }) => {
      await alice.api("POST", `/canvases/${canvas.id}/tiles`, { ...tile, title: "Comet" });
      const his = await bob.open(canvas);
      const tab = await alice.open(canvas, `?tile=${tile.x},${tile.y}`);
      expect(await findings(tab.page)).toEqual([]);
      await tab.show("Chat");
      await tab.say("Look at @3,3");
      await his.show("Chat");
      await his.message.pressSequentially("I see");
      await expect(tab.typing).toContainText("Bob");
      expect(await findings(tab.page)).toEqual([]);
      await bob.sends(canvas, [{ type: "comment_create", ...tile, text: "Why @3,3?" }]);
      for (const panel of ["People", "Activity", "Tile"] as const) {
        await tab.show(panel);
        expect(await findings(tab.page)).toEqual([]);
      }
      const thread = tab.page.locator(".thread");
      await thread.getByRole("button", { name: "Answer" }).click();
      await thread.getByRole("button", { name: "Then and now" }).click();
      await expect(thread).toContainText("has not changed");
      expect(await findings(tab.page)).toEqual([]);
      await tab.page.getByRole("button", { name: "Draw in this tile" }).click();
      await expect(tab.tools).toBeVisible();
      expect(await findings(tab.page)).toEqual([]);
      // The open menu covers what it lies over.
      await tab.page.getByRole("button", { name: "Menu" }).click();
      expect(await findings(tab.page, ".menu")).toEqual([]);
    });

    test("keeping order has none", async ({ alice, bob, host, canvas }) => {
      await alice.api("POST", `/canvases/${canvas.id}/sanctions`, {
        username: bob.account.username,
        kind: "mute",
        reason: "Too loud",
      });
      const his = await bob.open(canvas);
      const told = his.page.getByRole("region", { name: "You cannot chat here" });
      await expect(told).toBeVisible();
      expect(await findings(his.page)).toEqual([]);
      await told.getByRole("button", { name: "Appeal" }).click();
      await expect(his.page.getByRole("dialog", { name: "Sanctions against you" })).toBeVisible();
      expect(await findings(his.page)).toEqual([]);
      const tab = await alice.open(canvas);
      await tab.show("People");
      const more = tab.person("Bob").getByRole("button", { name: "More about Bob" });
      for (const [item, name] of [
        ["Ban", "Sanction"],
        ["Report…", "Report"],
      ] as const) {
        await more.click();
        expect(await findings(tab.page, ".person-menu")).toEqual([]);
        await tab.page.getByRole("button", { name: item, exact: true }).click();
        await expect(tab.page.getByRole("dialog", { name, exact: true })).toBeVisible();
        expect(await findings(tab.page)).toEqual([]);
        await tab.page.keyboard.press("Escape");
        await expect(more).toBeFocused();
      }
      await tab.page.getByRole("button", { name: /^Moderation/ }).click();
      const panel = tab.page.getByRole("region", { name: "Moderation" });
      for (const section of ["Cases", "Sanctions", "Appeals", "Log"]) {
        await panel.getByRole("tab", { name: section }).click();
        await expect(panel.getByRole("tabpanel", { name: section })).toBeVisible();
        expect(await findings(tab.page)).toEqual([]);
      }
      await tab.page.keyboard.press("Escape");
      await expect(panel).toBeHidden();
      const page = await host.context.newPage();
      await page.goto("/moderation");
      for (const section of ["Cases", "Sanctions", "Appeals"]) {
        await page.getByRole("tab", { name: section }).click();
        await expect(page.getByRole("tabpanel", { name: section })).toBeVisible();
        expect(await findings(page)).toEqual([]);
      }
    });

    test("being offline or signed out has none", async ({ page, alice, canvas }) => {
      const tab = await alice.open(canvas);
      await alice.context.setOffline(true);
      await tab.isAway();
      await tab.show("Chat");
      await tab.say("Hello?");
      await expect(tab.connection).toContainText("waiting");
      expect(await findings(tab.page)).toEqual([]);
      await page.goto(`/canvas/${canvas.id}`);
      await expect(page.getByRole("region", { name: "Join in" })).toBeVisible();
      expect(await findings(page)).toEqual([]);
    });
  });
}

/** Presses Tab until something has the focus. */
async function tabTo(page: Page, locator: ReturnType<Page["getByRole"]>): Promise<void> {
  await expect(locator).toBeVisible();
  for (let presses = 0; presses < 200; presses += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${locator} cannot be reached with the keyboard`);
}

test("by keyboard alone from the start page to a painted pixel, a message and a like", async ({
  page,
  alice,
}) => {
  const canvas = await alice.createCanvas({ name: freshName("Keys") });
  const { keyboard } = page;
  await page.goto("/");
  await tabTo(page, page.getByRole("link", { name: canvas.name }));
  await keyboard.press("Enter");
  const tab = new CanvasPage(page, canvas);
  await tabTo(page, page.getByRole("textbox", { name: "Your name" }));
  await keyboard.type("Kay");
  await keyboard.press("Enter");
  await tab.isLive();

  await tabTo(page, tab.board);
  const cell = page.getByRole("gridcell");
  await expect(cell).toHaveText(/^tile \d, \d, empty$/);
  await expect(tab.board).toHaveAttribute("aria-activedescendant", /.+/);
  await keyboard.press("ArrowLeft");
  await keyboard.press("ArrowUp");
  const [x, y] = /tile (\d), (\d)/
    .exec((await cell.textContent()) ?? "")
    ?.slice(1)
    .map(Number) as [number, number];
  await keyboard.press("Enter");
  await expect(tab.tools).toBeVisible();
  await expect(page.getByTestId("board-announcement")).toHaveText(`Drawing in tile ${x}, ${y}, empty`);
  // The pen paints with Space, from the middle on.
  await keyboard.press("4");
  await keyboard.press("Space");
  await keyboard.press("ArrowRight");
  await keyboard.press("Space");
  await expect.poll(() => tab.painted(3)).toHaveLength(2);
  await expect
    .poll(async () => (await alice.stored(canvas, { x, y })).filter((color) => color === 3).length)
    .toBe(2);
  await keyboard.press("Control+z");
  await expect.poll(() => tab.painted(3)).toHaveLength(1);
  await keyboard.press("Escape");
  await expect(tab.tools).toBeHidden();
  await expect(tab.board).toBeFocused();

  await tabTo(page, page.getByRole("tab", { name: "Chat" }));
  await keyboard.press("ArrowLeft");
  await expect(page.getByRole("tab", { name: "Tile" })).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: "Like", exact: true }));
  await keyboard.press("Enter");
  await expect(page.getByTestId("likes")).toHaveText("1");

  await page.getByRole("tab", { name: "Tile" }).focus();
  await keyboard.press("Home");
  await tabTo(page, tab.message);
  await keyboard.type("Made without a mouse");
  await keyboard.press("Enter");
  await expect.poll(() => tab.said()).toEqual(["Made without a mouse"]);
});

test("a dialog keeps the focus, closes with Escape, and gives it back", async ({ alice }) => {
  const page = await alice.context.newPage();
  await page.goto("/");
  const opener = page.getByRole("button", { name: "New canvas" });
  await opener.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "New canvas" });
  await expect(dialog.getByRole("textbox", { name: "Name" })).toBeFocused();
  for (let presses = 0; presses < 30; presses += 1) await page.keyboard.press("Tab");
  const inside = () =>
    page.evaluate(
      () =>
        document.activeElement === document.body ||
        Boolean(document.activeElement?.closest("dialog")),
    );
  expect(await inside()).toBe(true);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test("who wants less motion gets none", async ({ alice, bob, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.board.evaluate((board) => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver(() => seen.push(board.getAttribute("data-camera-x") ?? "")).observe(
      board,
      { attributeFilter: ["data-camera-x"] },
    );
  });
  await bob.says(canvas, ["Look at @7,7"]);
  await tab.page.getByRole("button", { name: "Go to tile 7, 7" }).click();
  await expect.poll(async () => (await tab.camera()).x).toBe(7.5 * canvas.tile_size);
  // In one step, and nothing moves by itself.
  expect(await tab.page.evaluate("window.seen")).toEqual([String(7.5 * canvas.tile_size)]);
  expect(await tab.page.evaluate(() => document.getAnimations().length)).toBe(0);
});

test("with motion the view flies", async ({ newUser, canvas }) => {
  const user = await newUser("Fay", { reducedMotion: "no-preference" });
  const page = await user.context.newPage();
  await page.clock.install();
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await tab.isLive();
  const { zoom } = await tab.camera();
  await page.clock.pauseAt(Date.now() + 2_000);
  await page.keyboard.press("+");
  await page.clock.runFor(100);
  const between = (await tab.camera()).zoom;
  expect(between).toBeGreaterThan(zoom * 1.01);
  expect(between).toBeLessThan(zoom * 1.49);
  await page.clock.runFor(400);
  expect((await tab.camera()).zoom).toBeCloseTo(zoom * 1.5, 5);
});

test("text at twice the size is all there", async ({ newUser, canvas }) => {
  // What a browser's zoom of 200 % makes of 1280×900.
  const user = await newUser("Zoe", {
    viewport: { width: 640, height: 450 },
    deviceScaleFactor: 2,
  });
  const tab = await user.open(canvas);
  await tab.show("Chat");
  await tab.say("Large");
  await expect(tab.messages).toHaveAttribute("data-state", "sent");
  const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(640);
});
