// Languages: which one is chosen, what happens when its texts cannot be had, that no text stays in
// English or is cut off in the main states, and that everything but the board is mirrored where
// texts are written from right to left.

import { brotliCompressSync } from "node:zlib";
import type { BrowserContextOptions, Page } from "@playwright/test";
import { type User, expect, test } from "../fixtures.ts";
import { type Direction, cutOff, localeOf, speakPseudo, untranslated } from "../pseudo.ts";

const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};

/** The language of the page and its direction. */
async function shown(page: Page): Promise<string> {
  return page.evaluate(() => `${document.documentElement.lang} ${document.documentElement.dir}`);
}

test("the browser's language is shown, and another one can be chosen", async ({ newUser }) => {
  const ann = await newUser("Ann", { locale: "de-AT" });
  const page = await ann.context.newPage();
  await page.goto("/");
  expect(await shown(page)).toBe("de ltr");
  await expect(page.getByRole("heading", { name: "Öffentliche Leinwände" })).toBeVisible();
  await page.getByRole("combobox", { name: "Sprache" }).selectOption("Español");
  await expect(page.getByRole("heading", { name: "Lienzos públicos" })).toBeVisible();
  expect(await shown(page)).toBe("es ltr");
  await page.reload();
  await expect(page.getByRole("heading", { name: "Lienzos públicos" })).toBeVisible();
});

test("a language that there is not is English", async ({ newUser }) => {
  const ann = await newUser("Ann", { locale: "fi-FI" });
  const page = await ann.context.newPage();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Public canvases" })).toBeVisible();
  expect(await shown(page)).toBe("en ltr");
});

test("without its texts the page is in English, without any it says so", async ({ newUser }) => {
  const ann = await newUser("Ann", { locale: "de", serviceWorkers: "block" });
  await ann.context.route(/\/de-\w+\.json/, (route) => route.abort());
  const page = await ann.context.newPage();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Public canvases" })).toBeVisible();
  expect(await shown(page)).toBe("en ltr");
  await ann.context.route(/\/en-\w+\.json/, (route) => route.fulfill({ status: 503 }));
  await page.reload();
  await expect(page.getByText("Stellar Canvas could not be loaded.")).toBeVisible();
});

test("nothing is shown in English first", async ({ newUser }) => {
  const ann = await newUser("Ann", { locale: "ar" });
  const page = await ann.context.newPage();
  // The client waits until all that was shown before it was recorded.
  await page.addInitScript(() => {
    const texts = new Set<string>();
    Object.assign(globalThis, { shownTexts: texts });
    new MutationObserver(() => {
      const text = document.body?.innerText.trim();
      if (text) texts.add(`${document.documentElement.lang}: ${text}`);
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "اللوحات العامة" })).toBeVisible();
  const texts = await page.evaluate(() => [
    ...(globalThis as unknown as { shownTexts: Set<string> }).shownTexts,
  ]);
  expect(texts.length).toBeGreaterThan(0);
  expect(texts.filter((text) => !/^ar: .*\p{Script=Arabic}/su.test(text))).toEqual([]);
});

test("the texts of a language are a download of 12 KB at most", async ({ page }) => {
  await page.goto("/");
  const catalogs = await page.locator("script[lang]").evaluateAll((scripts) =>
    scripts.map((script) => (script as HTMLScriptElement).src),
  );
  expect(catalogs).toHaveLength(5);
  for (const catalog of catalogs) {
    const texts = await (await page.request.get(catalog)).body();
    // As `cargo xtask dist` compresses: quality 11 is the default.
    expect(brotliCompressSync(texts).length, catalog).toBeLessThanOrEqual(12_000);
  }
});

/** Goes through the main states; `look` is called in each. */
async function visit(ann: User, bo: User, look: (page: Page, state: string) => Promise<void>) {
  const canvas = await ann.createCanvas({ name: "Nebel", description: "Himmel" });
  const at = { x: 3, y: 3 };
  await ann.api("POST", `/canvases/${canvas.id}/tiles`, { ...at, title: "Komet" });
  await bo.says(canvas, ["Moin @3,3"]);
  await bo.api("POST", `/canvases/${canvas.id}/reports`, {
    target: { kind: "tile", ...at },
    rule: "spam",
  });
  await bo.sends(canvas, [{ type: "tile_like", ...at, liked: true }]);
  await bo.says(canvas, [`Moin @${ann.account.username}`]);
  const talk = await bo.api<{ id: number }>("POST", "/conversations", {
    username: ann.account.username,
  });
  await bo.api("POST", `/conversations/${talk.id}/messages`, { text: "Moin" });

  const page = await ann.context.newPage();
  await page.goto("/");
  await page.locator(".card__link").first().waitFor();
  await look(page, "start");
  await page.locator(".finder button").click();
  await page.locator("dialog[open]").waitFor();
  await look(page, "new canvas");
  await page.goto("/nowhere");
  await page.locator("h1").waitFor();
  await look(page, "not found");
  await page.goto("/inbox");
  await page.locator(".inbox-scroll li").first().waitFor();
  await look(page, "inbox");
  await page.goto(`/messages/${talk.id}`);
  await page.locator("textarea").waitFor();
  await look(page, "private messages");
  await page.goto(`/canvas/${canvas.id}?tile=3,3`);
  const board = page.locator('[role="grid"]');
  await expect(board).toHaveAttribute("data-loaded", "true");
  await expect(page.locator('.connection[data-state="live"], [data-state="live"]').first()).toBeAttached();
  const tabs = page.getByRole("tab");
  for (let tab = 0; tab < (await tabs.count()); tab += 1) {
    await tabs.nth(tab).click();
    await expect(tabs.nth(tab)).toHaveAttribute("aria-selected", "true");
    await look(page, `panel ${tab}`);
  }
  await page.locator(".tile-past__acts button").last().click();
  await page.locator("dialog[open] .film__picture").waitFor();
  await look(page, "GIF of a tile");
  await page.keyboard.press("Escape");
  for (const button of await page.locator(".inbox-button, .shield").all()) {
    // On a phone the panel covers the button.
    const toggle = () => button.evaluate((button: HTMLElement) => button.click());
    await toggle();
    await expect(button).toHaveAttribute("aria-expanded", "true");
    await look(page, "panel at the side");
    await toggle();
  }
  await page.locator(".status-bar__clock").click();
  await page.locator('.time-bar[data-ready="true"]').waitFor();
  await look(page, "time bar");
  await page.keyboard.press("ArrowLeft");
  await page.locator(".past-note").waitFor();
  await look(page, "the past");
  await page.keyboard.press("t");
  const menu = page.locator(".menu > button").first();
  await menu.click();
  await look(page, "menu");
  const items = page.locator(".menu__list button.menu__item");
  const count = await items.count();
  for (let item = 0; item < count; item += 1) {
    if (!(await items.first().isVisible())) await menu.click();
    await items.nth(item).click();
    await page.waitForFunction(() => document.querySelector("dialog[open], aside, .order") !== null);
    await look(page, `item ${item} of the menu`);
    await page.keyboard.press("Escape");
    await expect(page.locator("dialog[open]")).toHaveCount(0);
  }
}

for (const direction of ["ltr", "rtl"] as const satisfies Direction[]) {
  for (const [device, options] of [
    ["1440 × 900", { viewport: { width: 1440, height: 900 } }],
    ["1024 × 768", { viewport: { width: 1024, height: 768 } }],
    ["a phone", phone],
  ] as const) {
    test(`every text is translated and shown whole, ${direction}, on ${device}`, async ({
      newUser,
      bob,
      server,
    }) => {
      test.slow();
      // A service worker would answer before the route that stands in for the catalog.
      const serviceWorkers = "block" as const;
      const locale = localeOf(direction);
      const ann = await newUser("Ann", { ...options, locale, serviceWorkers });
      await speakPseudo(ann.context, server, direction);
      await visit(ann, bob, async (page, state) => {
        expect.soft(await page.locator("html").getAttribute("dir")).toBe(direction);
        expect.soft(await untranslated(page), state).toEqual([]);
        expect.soft(await cutOff(page), state).toEqual([]);
      });
    });
  }
}
