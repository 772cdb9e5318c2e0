// What is taken home of a canvas's past: the bar of a tile with who made each change, its GIF, files
// that the server makes in the background, and yesterday's tile under what is drawn.

import { readFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Download, Page } from "@playwright/test";
import { type Canvas, type CanvasPage, type User, expect, test } from "../fixtures.ts";

const tile = { x: 2, y: 2 };
const line = (y: number) => Array.from({ length: 8 }, (_, x) => ({ x, y }));

/** Alice starts the tile with a line, Bob draws one below it, Alice another. */
async function paintTogether(alice: User, bob: User, canvas: Canvas): Promise<void> {
  await alice.paints(canvas, tile, 1, line(1));
  await bob.paints(canvas, tile, 2, line(3));
  await alice.paints(canvas, tile, 3, line(5));
}

/** Opens the canvas with the tile's panel. */
async function look(user: User, canvas: Canvas): Promise<CanvasPage> {
  const tab = await user.open(canvas, `?tile=${tile.x},${tile.y}`);
  await tab.show("Tile");
  return tab;
}

function bar(tab: CanvasPage) {
  return tab.page.getByRole("group", { name: "Past of this tile" });
}

function slider(tab: CanvasPage) {
  return bar(tab).getByRole("slider", { name: "Change" });
}

/** The colours that are shown of the tile, without what is not painted. */
async function colors(tab: CanvasPage): Promise<number[]> {
  return [...new Set(await tab.pixels())].filter((color) => color !== 255).sort();
}

function panel(page: Page) {
  return page.getByRole("dialog", { name: "Export" });
}

async function openExport(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Export…" }).click();
  await expect(panel(page)).toBeVisible();
}

function card(page: Page) {
  return page.getByRole("region", { name: "File of the past" });
}

/** What an automated audit finds that hinders somebody. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

async function start(download: Download): Promise<string> {
  const bytes = await readFile(await download.path());
  return bytes.subarray(0, 6).toString("latin1");
}

test("a tile's changes are shown one after the other, with who made them", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  await paintTogether(alice, bob, canvas);
  const tab = await look(bob, canvas);
  await expect(bar(tab)).toContainText("3 changes so far");
  await slider(tab).focus();
  await slider(tab).press("Home");
  await expect(bar(tab)).toContainText("Before the first change");
  await expect.poll(() => colors(tab)).toEqual([]);
  await slider(tab).press("ArrowRight");
  await expect(bar(tab)).toContainText("Alice");
  await expect(bar(tab)).toContainText("Started the tile");
  await expect(slider(tab)).toHaveAttribute("aria-valuetext", /^Change 1 of 3: Alice, Started/);
  await expect.poll(() => colors(tab)).toEqual([1]);
  await slider(tab).press("ArrowRight");
  await expect(bar(tab)).toContainText("Bob");
  await expect.poll(() => colors(tab)).toEqual([1, 2]);

  // With Shift to what somebody else did.
  await slider(tab).press("Shift+ArrowLeft");
  await expect(slider(tab)).toHaveAttribute("aria-valuetext", /^Change 1 of 3: Alice/);
  await slider(tab).press("Shift+ArrowRight");
  await expect(slider(tab)).toHaveAttribute("aria-valuetext", /^Change 2 of 3: Bob/);

  // Now is what goes on to change.
  await slider(tab).press("End");
  await expect.poll(() => colors(tab)).toEqual([1, 2, 3]);
  await bob.paints(canvas, tile, 4, line(7));
  await expect.poll(() => colors(tab)).toEqual([1, 2, 3, 4]);
  await expect(slider(tab)).toHaveAttribute("aria-valuetext", /^Change 4 of 4: Bob/);
});

test("a past is played, and a tile is restored to what it was", async ({ alice, bob, canvas }) => {
  await paintTogether(alice, bob, canvas);
  const tab = await look(alice, canvas);
  await bar(tab).getByRole("button", { name: "Play" }).click();
  await expect(slider(tab)).toHaveAttribute("aria-valuetext", /^Change 3 of 3: Alice/);
  await expect(bar(tab).getByRole("button", { name: "Play" })).toBeVisible();
  await slider(tab).focus();
  await slider(tab).press("ArrowLeft");
  await expect(slider(tab)).toHaveAttribute("aria-valuetext", /^Change 2 of 3: Bob/);
  await bar(tab).getByRole("button", { name: "Restore to this" }).click();
  const rewrite = tab.page.getByTestId("rewrite");
  await expect(rewrite).toContainText("1 tile, 8 pixels");
  await rewrite.getByRole("button", { name: "Restore", exact: true }).click();
  await expect.poll(() => alice.stored(canvas, tile)).not.toContain(3);
  expect(await alice.stored(canvas, tile)).toContain(2);
});

test("what a tile was can be had after it was deleted, too", async ({ alice, bob, canvas }) => {
  await paintTogether(alice, bob, canvas);
  await alice.sends(canvas, [{ type: "tile_delete", ...tile }]);
  const tab = await look(bob, canvas);
  await slider(tab).focus();
  await expect(slider(tab)).toHaveAttribute("aria-valuetext", /^Change 4 of 4: Alice, Deleted/);
  await slider(tab).press("ArrowLeft");
  await expect.poll(() => colors(tab)).toEqual([1, 2, 3]);
});

test("a tile is shared as a GIF", { tag: "@phone" }, async ({ alice, bob, newUser, canvas }) => {
  await paintTogether(alice, bob, canvas);
  const user = await newUser("Sharon", { permissions: ["clipboard-read", "clipboard-write"] });
  await user.context.addInitScript(() => {
    const shared: { name: string; type: string; start: string }[] = [];
    Object.assign(globalThis, { shared });
    Object.assign(navigator, {
      canShare: () => true,
      share: async ({ files: [file] }: { files: File[] }) => {
        const start = (await file?.text())?.slice(0, 6) ?? "";
        shared.push({ name: file?.name ?? "", type: file?.type ?? "", start });
      },
    });
  });
  const tab = await look(user, canvas);
  await bar(tab).getByRole("button", { name: "Share as GIF" }).click();
  const dialog = tab.page.getByRole("dialog", { name: "Tile 2, 2 as a GIF" });
  const picture = dialog.getByRole("img", { name: "How tile 2, 2 was drawn" });
  const width = () => picture.evaluate((image) => (image as HTMLImageElement).naturalWidth);
  await expect.poll(width).toBe(canvas.tile_size * 8);

  await dialog.getByRole("button", { name: "Share…" }).click();
  const shared = () => tab.page.evaluate(() => (globalThis as unknown as { shared: [] }).shared);
  const name = `${canvas.name} 2-2.gif`;
  await expect.poll(shared).toEqual([{ name, type: "image/gif", start: "GIF89a" }]);

  await dialog.getByRole("radio", { name: "30 seconds" }).check();
  await expect.poll(width).toBe(canvas.tile_size * 8);
  await dialog.getByRole("button", { name: "Copy link" }).click();
  await expect(dialog).toContainText("The link to this GIF was copied.");
  const link = await tab.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain("/timelapse.gif?x0=2&y0=2&x1=2&y1=2&seconds=30&scale=8");
  const answer = await user.context.request.get(link);
  expect(answer.headers()["content-type"]).toBe("image/gif");

  const download = tab.page.waitForEvent("download");
  await dialog.getByRole("link", { name: "Download" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe(name);
  expect(await start(file)).toBe("GIF89a");
});

test("a GIF that cannot be had is told of", async ({ alice, bob, canvas }) => {
  await paintTogether(alice, bob, canvas);
  const tab = await look(bob, canvas);
  const body = { type: "about:blank", title: "", status: 503, code: "overloaded", detail: "" };
  await tab.page.route("**/timelapse.gif?*", (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", json: body }),
  );
  await bar(tab).getByRole("button", { name: "Share as GIF" }).click();
  const dialog = tab.page.getByRole("dialog", { name: "Tile 2, 2 as a GIF" });
  await expect(dialog.getByRole("alert")).toContainText("The server is busy just now.");
});

test("a film of the board is made in the background, over a reload", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  await paintTogether(alice, bob, canvas);
  const { page } = await bob.open(canvas);
  await openExport(page);
  await expect(panel(page).getByRole("img", { name: "Preview" })).toBeVisible();
  await expect(panel(page)).toContainText("The film ends with this.");
  const asked = page.waitForRequest((request) => request.method() === "POST");
  await panel(page).getByRole("radio", { name: "5 seconds" }).check();
  await panel(page).getByRole("radio", { name: "2×" }).check();
  await panel(page).getByRole("button", { name: "Make the file" }).click();
  expect((await asked).postDataJSON()).toEqual({ kind: "gif", seconds: 5, scale: 2 });
  await expect(panel(page)).toBeHidden();
  await expect(card(page)).toContainText(`GIF of ${canvas.name}`);
  await page.reload();
  await expect(card(page)).toContainText("Ready, 1 KB");
  const download = page.waitForEvent("download");
  await card(page).getByRole("link", { name: "Download" }).click();
  expect(await start(await download)).toBe("GIF89a");
  await card(page).getByRole("button", { name: "Hide" }).click();
  await expect(card(page)).toBeHidden();
  await page.reload();
  await expect(page.getByRole("button", { name: "Menu" })).toBeVisible();
  await expect(card(page)).toBeHidden();
});

test("an area is drawn on the board, and somebody is chosen whose work is shown", async ({
  alice,
  bob,
  canvas,
}) => {
  await paintTogether(alice, bob, canvas);
  const tab = await bob.open(canvas, "#64,64,4");
  const { page } = tab;
  await openExport(page);
  await panel(page).getByRole("radio", { name: "APNG" }).check();
  await panel(page).getByRole("radio", { name: "An area" }).check();
  const from = await tab.toScreen({ x: 1, y: 1 }, { x: 3, y: 3 });
  const to = await tab.toScreen({ x: 3, y: 2 }, { x: 3, y: 3 });
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
  await panel(page).getByRole("combobox", { name: "Painted by" }).selectOption("Myself");
  const preview = panel(page).getByRole("img", { name: "Preview" });
  const actor = bob.account.username;
  await expect(preview).toHaveAttribute(
    "src",
    new RegExp(`timelapse.gif\\?x0=1&y0=1&x1=3&y1=2&seconds=10&scale=\\d&actor=${actor}$`),
  );
  const asked = page.waitForRequest((request) => request.method() === "POST");
  await panel(page).getByRole("button", { name: "Make the file" }).click();
  expect((await asked).postDataJSON()).toMatchObject({
    kind: "apng",
    area: { x0: 1, y0: 1, x1: 3, y1: 2 },
    actor,
  });
  await expect(card(page)).toContainText("Ready");
  const download = page.waitForEvent("download");
  await card(page).getByRole("link", { name: "Download" }).click();
  expect((await start(await download)).slice(1, 4)).toBe("PNG");

  // Somebody whom nobody knows.
  await openExport(page);
  await panel(page).getByRole("radio", { name: "APNG" }).check();
  await panel(page).getByRole("combobox", { name: "Painted by" }).selectOption("Somebody else…");
  await panel(page).getByRole("textbox", { name: "User name" }).fill("nobody_at_all");
  await panel(page).getByRole("button", { name: "Make the file" }).click();
  await expect(panel(page)).toContainText("Nobody here has this user name.");
});

test("the whole log is taken home", async ({ alice, bob, canvas }) => {
  await paintTogether(alice, bob, canvas);
  const { page } = await bob.open(canvas);
  await openExport(page);
  await panel(page).getByRole("radio", { name: "Log" }).check();
  await expect(panel(page).getByRole("img")).toHaveCount(0);
  await panel(page).getByRole("button", { name: "Make the file" }).click();
  await expect(card(page)).toContainText("Ready");
  const download = page.waitForEvent("download");
  await card(page).getByRole("link", { name: "Download" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/\.jsonl\.gz$/);
  const { gunzipSync } = await import("node:zlib");
  const lines = gunzipSync(await readFile(await file.path())).toString().trim().split("\n");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ canvas: { id: canvas.id } });
  expect(lines.slice(1).map((text) => JSON.parse(text).type)).toEqual([
    "tile_created",
    "tile_updated",
    "tile_updated",
  ]);
});

test("a file is stopped, and a second one has to wait", async ({ alice, bob, canvas }) => {
  await paintTogether(alice, bob, canvas);
  const { page } = await bob.open(canvas);
  const running = {
    id: 77,
    canvas_id: canvas.id,
    kind: "log",
    state: "running",
    progress: 0.25,
    bytes: 0,
    url: null,
    created_at: "2026-01-01T00:00:00.000Z",
    expires_at: "2026-01-02T00:00:00.000Z",
  };
  const refusal = { type: "about:blank", title: "", status: 429, code: "export_running", detail: "" };
  let asked = 0;
  await page.route("**/exports", (route) => {
    asked += 1;
    return asked === 1
      ? route.fulfill({ status: 202, json: running })
      : route.fulfill({ status: 429, contentType: "application/problem+json", json: refusal });
  });
  await page.route("**/exports/77", (route) =>
    route.request().method() === "DELETE"
      ? route.fulfill({ status: 204 })
      : route.fulfill({ json: running }),
  );
  await openExport(page);
  await panel(page).getByRole("radio", { name: "Log" }).check();
  await panel(page).getByRole("button", { name: "Make the file" }).click();
  await expect(card(page)).toContainText("25 % done");
  await expect(card(page).getByRole("progressbar")).toHaveAttribute("value", "25");

  // In the panel it is shown as well, and no second one can be asked for.
  await openExport(page);
  await panel(page).getByRole("radio", { name: "Log" }).check();
  await expect(panel(page)).toContainText("25 % done");
  await expect(panel(page)).toContainText("A file of yours is being made already.");
  await expect(panel(page).getByRole("button", { name: "Make the file" })).toBeDisabled();
  const deleted = page.waitForRequest((request) => request.method() === "DELETE");
  await panel(page).getByRole("button", { name: "Stop" }).click();
  await deleted;
  await panel(page).getByRole("button", { name: "Make the file" }).click();
  await expect(panel(page)).toContainText("A file of yours is being made already.");
});

test("who is not signed in takes home pictures and short films", async ({ alice, bob, canvas, page }) => {
  await paintTogether(alice, bob, canvas);
  await page.goto(`/canvas/${canvas.id}?tile=2,2`);
  await openExport(page);
  await expect(panel(page)).toContainText("Sign in to export");
  await panel(page).getByRole("radio", { name: "Tile 2, 2" }).check();
  await expect(panel(page).getByRole("link", { name: "Download" })).toBeVisible();
});

test("yesterday's tile is seen faintly while drawing", async ({ alice, canvas }) => {
  await alice.paints(canvas, tile, 1, line(1));
  const tab = await alice.open(canvas);
  const yesterday = Array.from({ length: canvas.tile_size ** 2 }, (_, n) => (n >= 160 ? 8 : 255));
  await tab.page.route("**/snapshot?at=*", async (route) => {
    const url = route.request().url();
    const at = Date.parse(new URL(url).searchParams.get("at") ?? "");
    expect(Math.abs(Date.now() - 86_400_000 - at)).toBeLessThan(60_000);
    const answer = await route.fetch({ url: url.replace(/at=[^&]*&/, "") });
    const snapshot = (await answer.json()) as { tiles: { pixels: string }[] };
    for (const one of snapshot.tiles) one.pixels = Buffer.from(yesterday).toString("base64");
    await route.fulfill({ json: snapshot });
  });
  await tab.openTile(tile);
  const spot = await tab.toScreen(tile, { x: 5, y: 12 });
  const seen = async () => {
    const clip = { x: Math.round(spot.x) - 1, y: Math.round(spot.y) - 1, width: 2, height: 2 };
    return (await tab.page.screenshot({ clip })).toString("base64");
  };
  await tab.page.mouse.move(5, 200);
  const before = await seen();
  await tab.page.keyboard.press("g");
  const button = tab.tools.getByRole("button", { name: "Yesterday's tile" });
  await expect(button).toHaveAttribute("aria-pressed", "true");
  await expect.poll(seen).not.toBe(before);
  await button.click();
  await tab.page.mouse.move(5, 200);
  await expect.poll(seen).toBe(before);
});

test("a tile that was not there yesterday has no ghost", async ({ alice, canvas }) => {
  await alice.paints(canvas, tile, 1, line(1));
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  await tab.page.keyboard.press("g");
  await expect(tab.notices).toContainText("Nothing was here yesterday.");
  const button = tab.tools.getByRole("button", { name: "Yesterday's tile" });
  await expect(button).toHaveAttribute("aria-pressed", "false");
});

test("a tile is named as it was, and found again so", { tag: "@phone" }, async ({ alice, bob, canvas }) => {
  await paintTogether(alice, bob, canvas);
  await alice.says(canvas, ["I liked @2,2~1 more, and not @2,2~x"]);
  const tab = await bob.open(canvas);
  await tab.show("Chat");
  const chips = tab.row("I liked").getByRole("button", { name: /[Tt]ile 2, 2/ });
  await expect(chips).toHaveText(["@2,2~1", "@2,2"]);
  await chips.first().click();
  const note = tab.page.getByTestId("past-note");
  await expect(note).toBeVisible();
  await expect(tab.page).toHaveURL(/[?&]t=1(&|#|$)/);
  await tab.show("Tile");
  await expect.poll(() => colors(tab)).toEqual([1]);

  // From there it is named in the same way.
  await note.getByRole("button", { name: "Mention it as it was" }).click();
  await expect(tab.message).toHaveValue("@2,2~1 ");
  await note.getByRole("button", { name: "Back to now" }).click();
  await expect(note).toBeHidden();
});

test("a step of a tile's past and a comment lead to the board of then", async ({ alice, bob, canvas }) => {
  await alice.paints(canvas, tile, 1, line(1));
  await bob.sends(canvas, [{ type: "comment_create", ...tile, text: "Leave it like this" }]);
  await alice.paints(canvas, tile, 2, line(3));
  const tab = await look(bob, canvas);
  const note = tab.page.getByTestId("past-note");
  const thread = tab.page.locator(".thread").first();
  await thread.getByRole("button", { name: "Then and now" }).click();
  await expect(thread).toContainText("8 pixels changed since.");
  await thread.getByRole("button", { name: "See the board then" }).click();
  await expect(tab.page).toHaveURL(/[?&]t=1(&|#|$)/);
  await expect.poll(() => colors(tab)).toEqual([1]);
  await note.getByRole("button", { name: "Back to now" }).click();

  await slider(tab).focus();
  await slider(tab).press("Home");
  await bar(tab).getByRole("button", { name: "See the board then" }).click();
  await expect(tab.page).toHaveURL(/[?&]t=0(&|#|$)/);
  await note.getByRole("button", { name: "Back to now" }).click();
  await slider(tab).press("ArrowRight");
  await bar(tab).getByRole("button", { name: "Mention it as it was" }).click();
  await expect(tab.message).toHaveValue("@2,2~1 ");
});

test("a notification leads to the file", async ({ alice, bob, canvas }) => {
  await paintTogether(alice, bob, canvas);
  const made = await bob.api<{ id: number }>("POST", `/canvases/${canvas.id}/exports`, { kind: "log" });
  const { page } = await bob.open(canvas);
  await expect(card(page)).toBeHidden();
  await page.getByRole("button", { name: /Inbox|Notifications/ }).first().click();
  const notice = page.getByRole("list", { name: "Notifications" }).locator(".notice");
  await expect(notice).toHaveCount(1);
  await notice.getByRole("link").click();
  await expect(card(page)).toContainText("Ready");
  // The same address works in a new tab.
  const other = await bob.context.newPage();
  await other.goto(`/canvas/${canvas.id}?export=${made.id}`);
  await expect(card(other)).toContainText("Ready");
  await other.goto(`/canvas/${canvas.id}?export=999999`);
  await expect(card(other)).toContainText("This file is not there any more.");
});

for (const colorScheme of ["dark", "light"] as const) {
  test.describe(`in the ${colorScheme} theme`, { tag: "@phone" }, () => {
    test.use({ colorScheme });

    test("the past of a tile, its GIF and the panel have no serious finding", async ({
      alice,
      bob,
      canvas,
    }) => {
      await paintTogether(alice, bob, canvas);
      const tab = await look(bob, canvas);
      await slider(tab).focus();
      await slider(tab).press("ArrowLeft");
      await expect(bar(tab)).toContainText("Bob");
      expect(await findings(tab.page)).toEqual([]);
      await bar(tab).getByRole("button", { name: "Share as GIF" }).click();
      await expect(tab.page.getByRole("img", { name: /^How tile/ })).toBeVisible();
      expect(await findings(tab.page)).toEqual([]);
      await tab.page.keyboard.press("Escape");
      await openExport(tab.page);
      await panel(tab.page).getByRole("radio", { name: "An area" }).check();
      expect(await findings(tab.page)).toEqual([]);
      await panel(tab.page).getByRole("radio", { name: "Log" }).check();
      await panel(tab.page).getByRole("button", { name: "Make the file" }).click();
      await expect(card(tab.page)).toContainText("Ready");
      expect(await findings(tab.page)).toEqual([]);
    });
  });
}
