// Browsers and screens as people have them: odd settings, midnight, other scripts, translators,
// screen readers, phones, large text, slow lines.

import type { BrowserContextOptions, Page } from "@playwright/test";
import { CanvasPage, type User, expect, freshName, test } from "../fixtures.ts";
import { vastPng } from "../pictures.ts";

const tile = { x: 4, y: 4 };

test.describe("settings of the browser", () => {
  for (const language of ["en-US@posix", "C", "", "en_US.UTF-8"]) {
    test(`the language ${JSON.stringify(language)}, which is no tag`, async ({
      alice,
      bob,
      canvas,
    }) => {
      await bob.says(canvas, ["Hello"]);
      await alice.context.addInitScript((value) => {
        Object.defineProperty(navigator, "language", { get: () => value });
        Object.defineProperty(navigator, "languages", { get: () => [value] });
      }, language);
      const tab = await alice.open(canvas);
      await expect(tab.messages.locator("time")).toHaveText(/\d\d:\d\d/);
      await tab.openTile(tile);
      await tab.show("Tile");
      await tab.dot(tile, { x: 1, y: 1 });
      await expect(tab.panel("Tile").locator(".row__note").first()).toHaveText(/\d{4}/);
      await tab.page.goto("/");
      await expect(tab.page.getByText(/^\d+ tiles?$/).first()).toBeVisible();
    });
  }

  test("storage that is blocked", async ({ alice, canvas }) => {
    const errors: string[] = [];
    await alice.context.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, {
          get: () => {
            throw new DOMException("denied", "SecurityError");
          },
        });
      }
    });
    const page = await alice.context.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`/canvas/${canvas.id}`);
    const tab = new CanvasPage(page, canvas);
    await tab.isLive();
    await tab.say("Nothing is kept here");
    await expect(tab.messages).toHaveAttribute("data-state", "sent");
    expect(errors).toEqual([]);
  });
});

test("after midnight yesterday is called so, and there is one today", async ({ alice, bob }) => {
  const canvas = await alice.createCanvas();
  const page = await alice.context.newPage();
  // For this page everything is moved so that it is 23:58 in Berlin now, in winter or summer.
  const now = Date.now();
  const late = new Date(now);
  late.setUTCHours(23, 58, 0, 0);
  const zone = new Intl.DateTimeFormat("en", {
    timeZone: "Europe/Berlin",
    timeZoneName: "longOffset",
  }).format(late);
  let moved = late.getTime() - (zone.includes("GMT+02") ? 2 : 1) * 3_600_000 - now;
  const shift = (text: string) =>
    text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) =>
      new Date(Date.parse(time) + moved).toISOString(),
    );
  await page.routeWebSocket(/\/ws\/canvas\//, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((data) => socket.send(shift(String(data))));
  });
  await page.route(/\/api\/v1\/canvases\//, async (route) => {
    const response = await route.fetch();
    const isJson = (response.headers()["content-type"] ?? "").includes("json");
    await route.fulfill({ response, body: isJson ? shift(await response.text()) : undefined });
  });
  await page.clock.install({ time: now + moved });
  const tab = new CanvasPage(page, canvas);
  await page.goto(`/canvas/${canvas.id}`);
  await tab.isLive();
  await tab.say("Late");
  await expect(tab.messages).toHaveAttribute("data-state", "sent");
  const days = page.locator(".chat__day");
  await expect(days).toHaveText(["Today"]);
  await page.clock.fastForward("10:00");
  // By itself, before anything else happens.
  await expect(days).toHaveText(["Yesterday"]);
  moved += 10 * 60_000;
  await bob.says(canvas, ["Early"]);
  await expect(days).toHaveText(["Yesterday", "Today"]);
});

test.describe("right-to-left scripts", () => {
  const name = "שלום עולם";

  test("names and messages keep the order of what stands around them", async ({
    newUser,
    alice,
    canvas,
  }) => {
    const guest = await newUser(name);
    const his = await guest.open(canvas);
    const hers = await alice.open(canvas);
    await his.say("שלום, 12!");
    await expect(hers.messages).toHaveCount(1);
    const text = hers.messages.locator(".message__text");
    // The sign at the end of a right-to-left sentence is at its left.
    const [first, last] = await text.evaluate((element) => {
      const node = element.firstChild as Text;
      return [0, node.length - 1].map((at) => {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect().left;
      });
    });
    expect(last).toBeLessThan(first as number);
    // In a sentence of the page, what follows the name stays at its right.
    await his.message.pressSequentially("ש");
    await expect(hers.typing).toContainText("is typing");
    await his.message.fill("");
    await his.openTile(tile);
    await his.dot(tile, { x: 1, y: 1 });
    await hers.page.mouse.move(0, 0);
    const at = await hers.toScreen(tile, { x: 8, y: 8 });
    await hers.page.mouse.move(at.x, at.y);
    await expect(hers.place).toContainText(name);
  });

  test("the dialog fields take the direction of their text", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await expect(tab.message).toHaveAttribute("dir", "auto");
    await tab.page.getByRole("button", { name: "Menu" }).click();
    await tab.page.getByRole("button", { name: "Profile" }).click();
    const field = tab.page.getByRole("textbox", { name: "Your name" });
    await field.fill(name);
    expect(await field.evaluate((input) => getComputedStyle(input).direction)).toBe("rtl");
  });
});

test("a translator replaces what people wrote and nothing that changes", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const errors: string[] = [];
  hers.page.on("pageerror", (error) => errors.push(error.message));
  await bob.says(canvas, ["Guten Tag"]);
  await expect(hers.messages).toHaveCount(1);
  // As the translators of browsers do.
  await hers.page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts: Text[] = [];
    while (walker.nextNode()) {
      const text = walker.currentNode as Text;
      const decides = text.parentElement?.closest("[translate]");
      if (decides?.getAttribute("translate") !== "no" && text.data.trim()) texts.push(text);
    }
    for (const text of texts) {
      const font = document.createElement("font");
      font.textContent = `«${text.data}»`;
      text.replaceWith(font);
    }
  });
  await expect(hers.messages).toContainText(["«Guten Tag»"]);
  await expect(hers.connection).toHaveText("Live");
  await alice.context.setOffline(true);
  await expect(hers.connection).toContainText("Offline");
  await hers.say("Hello");
  await expect(hers.connection).toContainText("1 change waiting");
  await alice.context.setOffline(false);
  await hers.isLive();
  await expect(hers.connection).toHaveText("Live");
  await expect(hers.messages).toHaveCount(2);
  expect(errors).toEqual([]);
});

test.describe("screen readers", () => {
  /** Counts what is read aloud: what is added to a live region that is neither off nor busy. */
  const listen = (page: Page) =>
    page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      const list = document.querySelector(".chat__messages") as HTMLElement;
      new MutationObserver((changes) => {
        const region = list.closest("[aria-live]");
        if (region?.getAttribute("aria-live") === "off") return;
        if (list.getAttribute("aria-busy") === "true") return;
        for (const { addedNodes } of changes) {
          for (const node of addedNodes) {
            if (node.parentElement === list) heard.push(node.textContent ?? "");
          }
        }
      }).observe(list, { childList: true, subtree: true });
    });
  const heard = (page: Page) =>
    page.evaluate(() => (window as unknown as { heard: string[] }).heard);

  test("one's own message is read once, and older ones not at all", async ({ alice, canvas }) => {
    const before = Array.from({ length: 60 }, (_, at) => `older ${at}`);
    await alice.says(canvas, before);
    const tab = await alice.open(canvas);
    const list = tab.page.getByRole("list", { name: "Messages" });
    await expect(list).toHaveAttribute("aria-live", "polite");
    await expect(list).not.toHaveAttribute("aria-busy", "true");
    await listen(tab.page);
    await tab.page.locator(".chat__list").evaluate((list) => list.scrollTo(0, 0));
    await expect(tab.messages).toHaveCount(60);
    await expect(list).toHaveAttribute("aria-live", "polite");
    expect(await heard(tab.page)).toEqual([]);
    await tab.say("mine");
    await expect(tab.messages.last()).toHaveAttribute("data-state", "sent");
    await alice.says(canvas, ["another"]);
    await expect(tab.messages.last()).toContainText("another");
    const texts = await heard(tab.page);
    expect(texts.filter((text) => text.includes("mine"))).toHaveLength(1);
    expect(texts.filter((text) => text.includes("older"))).toEqual([]);
  });

  test("after going to another page the focus is in it", async ({ alice }) => {
    const canvas = await alice.createCanvas({ name: freshName("Focus") });
    await alice.api("POST", `/canvases/${canvas.id}/tiles`, { x: 1, y: 1 });
    const page = await alice.context.newPage();
    await page.goto("/");
    await page.getByRole("link", { name: canvas.name }).first().focus();
    await page.keyboard.press("Enter");
    await new CanvasPage(page, canvas).isLive();
    await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
    await expect(page.getByTestId("page-announcement")).toContainText(canvas.name);
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1, name: "Stellar Canvas" })).toBeFocused();
  });

  test("a notice stays while the focus is in it", async ({ alice, canvas }) => {
    const page = await alice.context.newPage();
    // The ten seconds of a notice are one.
    await page.addInitScript(() => {
      const start = window.setTimeout;
      const fast = (act: TimerHandler, ms?: number) => start(act, ms === 10_000 ? 1_000 : ms);
      Object.assign(window, { setTimeout: fast });
    });
    await page.goto(`/canvas/${canvas.id}?tile=1,1`);
    const tab = new CanvasPage(page, canvas);
    await tab.isLive();
    const paste = (bytes: number[]) =>
      page.evaluate((bytes) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "x.png", { type: "image/png" }));
        const init = { clipboardData: data, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new ClipboardEvent("paste", init));
      }, bytes);
    const toast = (text: string) => tab.notices.locator(".toast", { hasText: text });
    await paste([...vastPng(30_000, 30_000)]);
    const dismiss = toast("too large").getByRole("button", { name: "Dismiss" });
    await dismiss.focus();
    // One that comes later goes earlier.
    await paste([1, 2, 3]);
    await expect(toast("no picture")).toBeVisible();
    await expect(toast("no picture")).toBeHidden();
    await expect(dismiss).toBeFocused();
    await tab.message.focus();
    await expect(dismiss).toBeHidden();
  });
});

test("names are counted by characters, and user names are left as they are typed", async ({
  page,
}) => {
  await page.goto("/");
  const name = page.getByRole("textbox", { name: "Your name" });
  await name.fill("🌟".repeat(64));
  await expect(name).toHaveValue("🌟".repeat(64));
  await name.fill("🌟".repeat(65));
  await expect(name).toHaveValue("🌟".repeat(64));
  await page.getByRole("button", { name: "Sign in" }).click();
  const username = page.getByRole("textbox", { name: "User name" });
  await expect(username).toHaveAttribute("autocapitalize", "none");
  await expect(username).toHaveAttribute("autocorrect", "off");
  await expect(username).toHaveAttribute("spellcheck", "false");
});

test.describe("the start page", () => {
  test("a card's picture is about as large as the card, and fetched when it changed", async ({
    alice,
  }) => {
    const settings = { name: freshName("Large"), width: 64, height: 64, tile_size: 32 };
    const canvas = await alice.createCanvas(settings);
    await alice.api("POST", `/canvases/${canvas.id}/tiles`, { x: 1, y: 1 });
    const page = await alice.context.newPage();
    // The background of the page is an image, the pictures that are scaled down are fetched.
    let fetched = 0;
    page.on("request", (request) => {
      const isFetch = request.resourceType() === "fetch";
      if (isFetch && request.url().includes(`/${canvas.id}/image.png`)) fetched += 1;
    });
    await page.clock.install();
    await page.goto("/");
    const picture = page.locator(".card", { hasText: canvas.name }).locator("img").first();
    await picture.scrollIntoViewIfNeeded();
    await expect
      .poll(() =>
        picture.evaluate(
          (img: HTMLImageElement) => img.naturalWidth / img.getBoundingClientRect().width,
        ),
      )
      .toBeGreaterThan(0.5);
    const ratio = await picture.evaluate(
      (img: HTMLImageElement) => img.naturalWidth / img.getBoundingClientRect().width,
    );
    expect(ratio).toBeLessThanOrEqual(4);
    // In both lists, in each once the card is near the window.
    await page.locator(".card", { hasText: canvas.name }).nth(1).scrollIntoViewIfNeeded();
    await expect.poll(() => fetched).toBe(2);
    await page.clock.runFor(60_000);
    expect(fetched).toBe(2);
    await alice.api("POST", `/canvases/${canvas.id}/tiles`, { x: 2, y: 1 });
    // The list is asked for again, and when it has answered the pictures wait for their turn.
    await expect
      .poll(async () => {
        await page.clock.runFor(10_000);
        return fetched;
      })
      .toBe(4);
  });

  test("who chose the light theme on a dark system sees no dark flash", async ({
    browser,
    server,
  }) => {
    const context = await browser.newContext({ baseURL: server.url, colorScheme: "dark" });
    const page = await context.newPage();
    await page.goto("/");
    await page.getByRole("radio", { name: "Light" }).check({ force: true });
    // The client never comes.
    await page.route(/_bg\.wasm/, () => {});
    await page.reload({ waitUntil: "commit" });
    const loading = page.getByText("Loading Stellar Canvas");
    await expect(loading).toBeVisible();
    const background = await page.evaluate(
      () => getComputedStyle(document.documentElement).backgroundColor,
    );
    const [red = 0] = background.match(/\d+/g)?.map(Number) ?? [];
    expect(red, background).toBeGreaterThan(128);
    await page.goto("/canvas/1", { waitUntil: "commit" });
    await expect(loading).toBeVisible();
    await context.close();
  });
});

test("a canvas that is being loaded says so", async ({ alice, canvas }) => {
  const page = await alice.context.newPage();
  let go = () => {};
  const held = new Promise<void>((done) => {
    go = done;
  });
  await page.route(/\/snapshot$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`/canvas/${canvas.id}`);
  await expect(page.getByText("Loading the canvas…")).toBeVisible();
  go();
  await new CanvasPage(page, canvas).isLive();
  await expect(page.getByText("Loading the canvas…")).toBeHidden();
});

test("the state is no longer live at once when the network is gone", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.page.evaluate(() => {
    Object.defineProperty(navigator, "onLine", { configurable: true, get: () => false });
    window.dispatchEvent(new Event("offline"));
  });
  await expect(tab.connection).toHaveAttribute("data-state", "offline", { timeout: 1_000 });
});

test.describe("the board in device pixels", () => {
  for (const deviceScaleFactor of [1, 1.5, 2]) {
    test(`the lines of the open tile are crisp at ${deviceScaleFactor}`, async ({ newUser }) => {
      const user = await newUser("Alice", { deviceScaleFactor });
      const canvas = await user.createCanvas({ tile_size: 32 });
      const tab = await user.open(canvas);
      await tab.openTile(tile);
      await tab.isAtRest();
      const camera = await tab.camera();
      /** How many device pixels each line covers on the upper canvas, in a row through the tile. */
      const widths = await tab.board.evaluate(
        (board, [size, at, camera]) => {
          const over = board.querySelectorAll("canvas")[1] as HTMLCanvasElement;
          const ratio = over.width / over.clientWidth;
          const step = camera.zoom * ratio;
          const left = over.width / 2 + (at.x * size - camera.x) * step;
          // Not the row with the pen.
          const y = Math.round(over.height / 2 + (at.y * size + 1.5 - camera.y) * step);
          const row = over.getContext("2d")?.getImageData(0, y, over.width, 1).data ?? [];
          return Array.from({ length: size - 1 }, (_, index) => {
            const middle = Math.floor(left + (index + 1) * step);
            return [-1, 0, 1, 2].filter((near) => (row[(middle + near) * 4 + 3] ?? 0) > 0).length;
          });
        },
        [canvas.tile_size, tile, camera] as const,
      );
      expect(new Set(widths)).toEqual(new Set([1]));
    });
  }
});

/** The buttons of the tool bar that something else lies over. */
async function covered(tab: CanvasPage): Promise<(string | null)[]> {
  return tab.tools.getByRole("button").evaluateAll((buttons) =>
    buttons
      .filter((button) => {
        const { x, y, width, height } = button.getBoundingClientRect();
        const [cx, cy] = [x + width / 2, y + height / 2];
        if (cx < 0 || cy < 0 || cx > innerWidth || cy > innerHeight) return false;
        return !document.elementFromPoint(cx, cy)?.closest("[role=toolbar]");
      })
      .map((button) => button.getAttribute("aria-label")),
  );
}

test.describe("screens", () => {
  const screens: [string, BrowserContextOptions][] = [
    ["1440 × 900 at 200 %", { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 }],
    ["1280 × 1024 at 200 %", { viewport: { width: 640, height: 512 }, deviceScaleFactor: 2 }],
    ["a phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
    ["a phone sideways", { viewport: { width: 844, height: 390 }, isMobile: true, hasTouch: true }],
    ["a small phone sideways", { viewport: { width: 667, height: 375 }, isMobile: true, hasTouch: true }],
  ];
  for (const [name, options] of screens) {
    test(`nothing lies over the tools, colours and Done are in sight: ${name}`, async ({
      newUser,
    }) => {
      const user = await newUser("Alice", options);
      const canvas = await user.createCanvas();
      const tab = await user.open(canvas);
      await tab.openTile(tile);
      await tab.isAtRest();
      expect(await covered(tab)).toEqual([]);
      const done = tab.tools.getByRole("button", { name: "Done", exact: true });
      await expect(done).toBeInViewport({ ratio: 0.9 });
      await expect(tab.tools.locator("[data-color]").first()).toBeInViewport({ ratio: 0.9 });
    });
  }

  test("on a phone the link is shared with the thumb", async ({ newUser }) => {
    const user = await newUser("Alice", { viewport: { width: 390, height: 844 }, hasTouch: true });
    const canvas = await user.createCanvas({ name: "A canvas with quite a long name for a phone" });
    const { page } = await user.open(canvas);
    const box = await page.getByRole("button", { name: "Share link" }).boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
  });

  test("above a keyboard on the screen the message field stays in sight", async ({ newUser }) => {
    const user = await newUser("Alice", {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });
    const canvas = await user.createCanvas();
    const tab = await user.open(canvas);
    await tab.show("Chat");
    // As Safari on iOS: the page keeps its size, only the visible part is smaller.
    await tab.page.evaluate(() => {
      Object.defineProperty(visualViewport, "height", { get: () => 500 });
      visualViewport?.dispatchEvent(new Event("resize"));
    });
    await expect
      .poll(async () => {
        const box = await tab.message.boundingBox();
        return (box?.y ?? 999) + (box?.height ?? 0);
      })
      .toBeLessThan(500);
  });

  test("a notice does not cover the zoom", async ({ newUser }) => {
    const user = await newUser("Alice", { viewport: { width: 800, height: 700 } });
    const tab = await user.open(await user.createCanvas());
    await tab.page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(["x"], "x.png", { type: "image/png" }));
      const init = { clipboardData: data, bubbles: true, cancelable: true };
      document.body.dispatchEvent(new ClipboardEvent("paste", init));
    });
    const toast = await tab.notices.locator(".toast").boundingBox();
    const bar = await tab.page.locator(".status-bar").boundingBox();
    expect((toast?.y ?? 0) + (toast?.height ?? 0)).toBeLessThanOrEqual(bar?.y ?? 0);
  });

  test("“you” and the number of others keep to one line", async ({ newUser, canvas }) => {
    const others: User[] = [];
    for (let at = 0; at < 7; at += 1) others.push(await newUser(`Guest ${at}`));
    for (const other of others) await other.open(canvas);
    const long = await newUser("A guest with a name as long as the list is wide, and longer");
    const tab = await long.open(canvas);
    await tab.show("People");
    const you = tab.person("A guest with").getByText("you", { exact: true });
    await expect(you).toBeVisible();
    const lines = (element: Element) => element.getClientRects().length;
    expect(await you.evaluate(lines)).toBe(1);
    const more = tab.page.locator(".face--more .avatar");
    await expect(more).toHaveText(/^\+\d+$/);
    await more.evaluate((element) => {
      element.textContent = "+895";
    });
    const [text, disc] = await more.evaluate((element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return [range.getBoundingClientRect(), element.getBoundingClientRect()].map(
        ({ width, height }) => ({ width, height }),
      );
    });
    expect(text?.width).toBeLessThanOrEqual(disc?.width ?? 0);
    expect(text?.height).toBeLessThan(24);
  });
});
