// Pictures of the main states in every size and both themes, to be looked at: they are kept in
// test-results/pictures/. With STELLAR_PICTURES=docs those of the README are renewed:
// `STELLAR_PICTURES=docs cargo xtask e2e --grep @pictures`.

import { join } from "node:path";
import { type Browser, type BrowserContextOptions, type Page, devices } from "@playwright/test";
import { type Canvas, CanvasPage, Server, User, expect, test } from "../fixtures.ts";
import { cutOff } from "../pseudo.ts";
import { TimeBar } from "../time-bar.ts";

const kept = join(import.meta.dirname, "../test-results/pictures");
const docs = join(import.meta.dirname, "../../docs");
const renews = process.env.STELLAR_PICTURES === "docs";

/** The screen of those who are seen, whatever the viewer's is. */
const large: BrowserContextOptions = {
  viewport: { width: 1440, height: 900 },
  isMobile: false,
  hasTouch: false,
};

/** The cell of the demonstration's forest in which Bo draws. */
const his = { x: 6, y: 6 };

/** A server with the demonstration's canvas, on which people talk and draw. */
class Scene {
  private constructor(
    private readonly browser: Browser,
    private readonly server: Server,
    readonly canvas: Canvas,
    readonly bo: CanvasPage,
    private readonly people: User[],
  ) {}

  static async set(browser: Browser): Promise<Scene> {
    const server = await Server.start({ DEMO: "true" });
    const [bo, mia] = [
      await User.guest(browser, server, "Bo", large),
      await User.guest(browser, server, "Mia Lund", large),
    ];
    const { items } = await bo.api<{ items: Canvas[] }>("GET", "/canvases");
    const canvas = items[0] as Canvas;
    await mia.says(canvas, ["Hello! Shall we fill the middle?"]);
    await mia.open(canvas);
    const tab = await bo.open(canvas);
    await tab.say("Yes. I start at @6,6");
    await expect(tab.messages).toHaveCount(2);
    await tab.openTile(his);
    await draw(tab);
    return new Scene(browser, server, canvas, tab, [bo, mia]);
  }

  /** Somebody who looks at it, with a screen of their own. */
  async viewer(name: string, options: BrowserContextOptions): Promise<User> {
    const user = await User.guest(this.browser, this.server, name, options);
    this.people.push(user);
    return user;
  }

  /** A browser in which nobody is signed in. */
  async stranger(options: BrowserContextOptions): Promise<Page> {
    const context = await this.browser.newContext({ baseURL: this.server.url, ...options });
    return context.newPage();
  }

  async strike(): Promise<void> {
    for (const { context } of this.people) await context.close();
    await this.server.stop();
  }
}

/** A lantern: two circles and a cross, with a stroke in each colour. */
async function draw(tab: CanvasPage): Promise<void> {
  const { keyboard } = tab.page;
  await keyboard.press("c");
  await tab.takeColor(8);
  await tab.stroke(his, { x: 6, y: 6 }, { x: 25, y: 25 });
  await tab.stroke(his, { x: 10, y: 10 }, { x: 21, y: 21 });
  await keyboard.press("l");
  await tab.takeColor(10);
  await tab.stroke(his, { x: 16, y: 3 }, { x: 16, y: 28 });
  await tab.stroke(his, { x: 3, y: 16 }, { x: 28, y: 16 });
}

/** Keeps what is shown now, at these sizes. */
async function keep(page: Page, name: string, theme: string, sizes: [number, number][]) {
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    // The board takes its new size with the next frames, and an open tile fills it.
    await page.evaluate(async () => {
      for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    });
    await page.screenshot({ path: join(kept, `${name}-${theme}-${width}x${height}.png`) });
  }
}

const desktops: [number, number][] = [
  [1024, 768],
  [1440, 900],
];
const phones: [number, number][] = [[390, 844]];

for (const [colorScheme, other] of [
  ["dark", "light"],
  ["light", "dark"],
] as const) {
  for (const device of ["desktop", "phone"] as const) {
    const onPhone = device === "phone";
    test(`${device}, ${colorScheme}`, { tag: onPhone ? ["@pictures", "@touch"] : "@pictures" }, async ({
      browser,
    }) => {
      test.slow();
      const sizes = onPhone ? phones : desktops;
      const [width, height] = sizes.at(-1) as [number, number];
      const options: BrowserContextOptions = {
        colorScheme,
        viewport: { width, height },
        deviceScaleFactor: onPhone ? 2 : 1,
        isMobile: onPhone,
        hasTouch: onPhone,
        userAgent: onPhone ? devices["Pixel 7"]?.userAgent : undefined,
      };
      const scene = await Scene.set(browser);
      try {
        const stranger = await scene.stranger(options);
        await stranger.goto("/");
        await expect(stranger.getByRole("link", { name: scene.canvas.name })).toBeVisible();
        await expect(stranger.locator(".hero__picture--ready")).toBeVisible();
        await keep(stranger, "start", colorScheme, sizes);
        await stranger.goto(`/canvas/${scene.canvas.id}`);
        await expect(stranger.getByRole("region", { name: "Join in" })).toBeVisible();
        await expect(stranger.getByRole("grid")).toHaveAttribute("data-loaded", "true");
        await keep(stranger, "invited", colorScheme, sizes);
        await stranger.goto("/nowhere");
        await expect(stranger.getByRole("heading", { level: 1 })).toBeVisible();
        await keep(stranger, "not-found", colorScheme, sizes);
        await stranger.context().close();

        const ann = await scene.viewer("Ann", options);
        const tab = await ann.open(scene.canvas);
        const { page } = tab;
        await keep(page, "far", colorScheme, sizes);
        await tab.show("Chat");
        await tab.say("Then I take the lantern next to it");
        await expect(tab.messages).toHaveCount(3);
        await scene.bo.message.pressSequentially("Good");
        await expect(tab.typing).toContainText("Bo");
        await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
        await keep(page, "chat", colorScheme, sizes);
        if (renews && device === "desktop" && colorScheme === "dark") {
          await page.screenshot({ path: join(docs, "canvas.png") });
        }
        if (renews && device === "phone" && colorScheme === "light") {
          await page.screenshot({ path: join(docs, "phone.png") });
        }
        for (const panel of ["People", "Activity"] as const) {
          await tab.show(panel);
          await keep(page, panel.toLowerCase(), colorScheme, sizes);
        }

        await page.goto("about:blank");
        await page.goto(`/canvas/${scene.canvas.id}?tile=8,1`);
        await tab.isLive();
        await tab.show("Tile");
        await keep(page, "tile", colorScheme, sizes);
        await page.keyboard.press("0");
        await tab.openTile({ x: 6, y: 7 });
        await tab.takeColor(8);
        await tab.stroke({ x: 6, y: 7 }, { x: 4, y: 8 }, { x: 24, y: 20 });
        await keep(page, "drawing", colorScheme, sizes);

        await ann.context.setOffline(true);
        await tab.isAway();
        await tab.stroke({ x: 6, y: 7 }, { x: 4, y: 24 }, { x: 24, y: 24 });
        await tab.show("Chat");
        await tab.say("In the tunnel");
        await expect(tab.connection).toContainText("waiting");
        await keep(page, "offline", colorScheme, sizes);
        await ann.context.setOffline(false);
        await tab.isLive();
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Menu" }).click();
        await keep(page, "menu", colorScheme, sizes);
        // The theme that one chooses counts more than the system's.
        await page.getByRole("radio", { name: other === "light" ? "Light" : "Dark" }).check();
        await expect(page.locator("html")).toHaveAttribute("data-theme", other);
        await page.goto("/");
        await page.getByRole("button", { name: "New canvas" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await keep(page, "new-canvas", other, sizes);
      } finally {
        await scene.strike();
      }
    });
  }
}

/** Keeps what is shown now in both themes. */
async function keepBoth(page: Page, name: string, sizes: [number, number][]) {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await keep(page, `order-${name}`, colorScheme, sizes);
  }
}

for (const device of ["desktop", "phone"] as const) {
  const onPhone = device === "phone";
  test(`keeping order, ${device}`, { tag: onPhone ? ["@pictures", "@touch"] : "@pictures" }, async ({
    alice,
    bob,
    newUser,
    canvas,
    browser,
    server,
  }) => {
    test.slow();
    const sizes = onPhone ? phones : desktops;
    const place = { x: 2, y: 2 };
    const row = (y: number) => Array.from({ length: 12 }, (_, x) => ({ x: x + 2, y }));
    const zoe = await newUser("Zoe");
    for (const y of [4, 5, 6]) await bob.paints(canvas, place, 3, row(y));
    for (const y of [6, 7, 8]) await zoe.paints(canvas, place, 5, row(y));
    await zoe.says(canvas, ["Look what Bob draws!"]);
    await zoe.api("POST", `/canvases/${canvas.id}/reports`, {
      target: { kind: "tile", ...place },
      rule: "griefing",
      comment: "He paints over everything",
    });
    await zoe.open(canvas);
    const his = await bob.open(canvas);

    const tab = await alice.open(canvas, `?tile=${place.x},${place.y}`);
    const { page } = tab;
    await tab.show("People");
    await tab.person("Zoe").getByRole("button", { name: "More about Zoe" }).click();
    await expect(page.getByRole("group", { name: "More about Zoe" })).toContainText("Ban");
    await keepBoth(page, "person", sizes);
    await page.keyboard.press("Escape");
    await tab.show("Tile");
    await page.getByRole("button", { name: "Who painted this" }).click();
    const painters = page.getByRole("list", { name: "Painters of this tile" }).getByRole("listitem");
    await expect(painters).toHaveCount(2);
    await keepBoth(page, "painters", sizes);
    await painters.filter({ hasText: "Zoe" }).getByRole("button", { name: "More about Zoe" }).click();
    await page.getByRole("button", { name: "Take back what they painted…" }).click();
    await expect(page.getByTestId("rewrite-found")).toHaveText("1 tile, 36 pixels");
    await keepBoth(page, "revert", sizes);

    const moderator = await alice.open(canvas);
    await moderator.page.getByRole("button", { name: /^Moderation/ }).click();
    const panel = moderator.page.getByRole("region", { name: "Moderation" });
    await expect(panel).toContainText("Zoe changed 12 pixels of Bob");
    await keepBoth(moderator.page, "case", sizes);
    await alice.api("POST", `/canvases/${canvas.id}/sanctions`, {
      username: bob.account.username,
      kind: "mute",
      reason: "Please talk about the picture, not about people",
      duration_s: 86_400,
    });
    await panel.getByRole("tab", { name: "Log" }).click();
    await expect(panel.getByRole("list", { name: "Moderation log" })).toContainText("Bob");
    await keepBoth(moderator.page, "log", sizes);
    await expect(his.page.getByRole("region", { name: "You cannot chat here" })).toBeVisible();
    await keepBoth(his.page, "sanctioned", sizes);

    const keepIt = await zoe.context.newPage();
    await keepIt.goto(`/canvas/${canvas.id}`);
    await keepIt.getByRole("button", { name: "Menu" }).click();
    await keepIt.getByRole("button", { name: "Keep everything…" }).click();
    await expect(keepIt.getByRole("dialog", { name: "Keep what is yours" })).toBeVisible();
    await keepBoth(keepIt, "offer", sizes);
    const { code } = await alice.api<{ code: string }>("POST", `/canvases/${canvas.id}/invites`, {
      role: "editor",
    });
    const context = await browser.newContext({ baseURL: server.url });
    const invited = await context.newPage();
    await invited.goto(`/invite/${code}`);
    await expect(invited.getByRole("heading", { name: "You are invited" })).toBeVisible();
    await keepBoth(invited, "invite", sizes);
    await context.close();
  });
}

for (const [name, colorScheme, width, height] of [
  ["dark", "dark", 1120, 630],
  ["light", "light", 1120, 630],
  ["phone", "dark", 390, 700],
] as const) {
  const onPhone = name === "phone";
  test(`the time bar, ${name}`, { tag: onPhone ? ["@pictures", "@touch"] : "@pictures" }, async ({
    browser,
  }) => {
    test.slow();
    const scene = await Scene.set(browser);
    try {
      const viewport = { width, height };
      const touch = { isMobile: onPhone, hasTouch: onPhone };
      const ann = await scene.viewer("Ann", { colorScheme, viewport, ...touch });
      const tab = await ann.open(scene.canvas);
      const { page } = tab;
      if (!onPhone) await page.getByRole("button", { name: "Hide side panel" }).click();
      const time = new TimeBar(tab);
      await time.open();
      await time.isReady();
      await time.drag(0.9, 0.62);
      await expect(time.handle).toHaveAttribute("data-exact", "true");
      await page.mouse.move(width / 2, height / 2);
      const folder = renews ? join(docs, "pictures") : kept;
      await page.screenshot({ path: join(folder, `time-bar-${name}.png`) });
    } finally {
      await scene.strike();
    }
  });
}

const everySize: [number, number][] = [...desktops.toReversed(), ...phones];

for (const [locale, colorScheme] of [
  ["en-GB", "light"],
  ["de-DE", "dark"],
  ["es-ES", "light"],
  ["ja-JP", "dark"],
  ["ar-EG", "light"],
] as const) {
  const language = locale.slice(0, 2);
  test(`the main pages in ${language}`, { tag: "@pictures" }, async ({ newUser, bob }) => {
    test.slow();
    const viewport = { width: 1440, height: 900 };
    const ann = await newUser("Ann", { locale, colorScheme, viewport });
    const mine = `@${ann.account.username}`;
    const canvas = await ann.createCanvas({ name: "Night sky" });
    const tile = { x: 3, y: 3 };
    await ann.paints(canvas, tile, 8, Array.from({ length: 16 }, (_, n) => ({ x: n, y: n })));
    const talk = await bob.api<{ id: number }>("POST", "/conversations", {
      username: ann.account.username,
    });
    await bob.api("POST", `/conversations/${talk.id}/messages`, { text: "May I paint the moon?" });
    await bob.sends(canvas, [
      { type: "tile_like", ...tile, liked: true },
      { type: "comment_create", ...tile, text: "A falling star?" },
      { type: "comment_create", ...tile, text: `${mine}, a bit more yellow?` },
      { type: "canvas_chat", text: `${mine}, look at @3,3` },
      { type: "tile_paint", ...tile, pixels: [[1, 10]] },
    ]);
    await ann.says(canvas, ["Lovely"]);

    const page = await ann.context.newPage();
    const keepAll = async (name: string) => {
      for (const size of everySize) {
        await keep(page, name, `${language}-${colorScheme}`, [size]);
        expect.soft(await cutOff(page), `${name}, ${size.join("×")}`).toEqual([]);
      }
      await page.setViewportSize(viewport);
    };
    await page.goto("/inbox");
    await expect(page.locator(".notice")).not.toHaveCount(0);
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    await keepAll("inbox");
    await page.goto(`/messages/${talk.id}`);
    await expect(page.locator(".dm")).toHaveCount(1);
    await keepAll("messages");
    await page.goto(`/canvas/${canvas.id}?tile=${tile.x},${tile.y}`);
    await expect(page.locator('[role="grid"]')).toHaveAttribute("data-loaded", "true");
    await page.getByRole("tab").first().click();
    await expect(page.locator("[data-message-id]")).toHaveCount(2);
    await keepAll("talk");
    await page.getByRole("tab").last().click();
    const thread = page.locator(".thread").first();
    await thread.locator(".thread__acts button").first().click();
    await thread.locator(".thread__acts button").last().click();
    await expect(thread.locator(".then-now__canvas")).toHaveCount(2);
    await thread.scrollIntoViewIfNeeded();
    await keepAll("comments");
  });
}
