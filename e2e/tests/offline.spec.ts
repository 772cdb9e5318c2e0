// A reload without a network: the client is there, with everything that waits, and nothing else was
// kept. After a deploy nobody gets an old page.

import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { CanvasPage, Server, User, expect, test } from "../fixtures.ts";

test.use({ serviceWorkers: "allow" });

const tile = { x: 4, y: 4 };
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const client = process.env.STELLAR_DIST ?? resolve(root, "dist");

/** The paths of all files that the browser keeps for this site. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const names = await caches.keys();
    const all = names.map(async (name) => (await (await caches.open(name)).keys()));
    return (await Promise.all(all)).flat().map(({ url }) => new URL(url).pathname);
  });

/** Waits until the worker keeps what a reload needs. */
async function isKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await expect.poll(async () => (await kept(page)).includes("/")).toBe(true);
}

test("what waits is there after a reload without a network", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  await isKept(hers.page);
  await alice.context.setOffline(true);
  await hers.isAway();
  await hers.openTile(tile);
  await hers.takeColor(1);
  await hers.stroke(tile, { x: 4, y: 4 }, { x: 9, y: 4 });
  await hers.show("Chat");
  await hers.say("From the tunnel");
  await hers.message.fill("And half a sente");
  await expect(hers.connection).toContainText("2 changes waiting");

  await hers.page.reload();
  await expect(hers.connection).toContainText("2 changes waiting");
  await expect(hers.connection).toHaveAttribute("data-state", "offline");
  await hers.show("Chat");
  await expect(hers.messages).toHaveAttribute("data-state", "pending");
  await expect.poll(() => hers.said()).toEqual(["From the tunnel"]);
  await expect(hers.message).toHaveValue("And half a sente");
  await hers.show("Tile");
  await hers.openTile(tile);
  await expect.poll(() => hers.painted(1)).toHaveLength(6);
  // One can go on.
  await hers.show("Chat");
  await hers.say("Still in it");
  await expect(hers.connection).toContainText("3 changes waiting");

  await alice.context.setOffline(false);
  await hers.isLive();
  await his.show("Chat");
  for (const tab of [hers, his]) {
    await expect.poll(() => tab.said()).toEqual(["From the tunnel", "Still in it"]);
    await expect.poll(() => tab.painted(1)).toHaveLength(6);
  }
});

test("the client's files are kept, and nothing that the server says", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await isKept(tab.page);
  // Under the worker, too.
  await tab.page.reload();
  await tab.isLive();
  await tab.say("Hello");
  await tab.page.goto("/");
  await expect(tab.page.getByRole("heading", { name: "Stellar Canvas", level: 1 })).toBeVisible();
  const paths = await kept(tab.page);
  expect(paths).toContain("/");
  // One version, and all of it: the client and its chunks.
  const named = await tab.page.locator('meta[name="stellar-client"]').evaluate((meta) => [
    ...new Set(Object.values((meta as HTMLElement).dataset).flatMap((files) => files?.split(" "))),
  ]);
  const isCode = (path?: string) => path?.endsWith(".wasm");
  expect(paths.filter(isCode).sort()).toEqual(named.filter(isCode).sort());
  const isFile = (path: string) => path === "/" || /^\/[\w.-]+(\/[\w.-]+)*\.\w+$/.test(path);
  expect(paths.filter((path) => !isFile(path) || path.startsWith("/api"))).toEqual([]);
  // Addresses of the server are not taken for pages.
  const health = await tab.page.goto("/healthz");
  expect(health?.headers()["content-type"]).not.toContain("text/html");
});

test("a page can be reloaded while the server is away", async ({ browser, newProxy }) => {
  const proxy = await newProxy();
  const alice = await User.guest(browser, proxy, "Alice");
  const canvas = await alice.createCanvas();
  const tab = await alice.open(canvas);
  await isKept(tab.page);
  proxy.cut();
  await tab.isAway();
  await tab.say("Anybody?");
  await tab.page.reload();
  await expect(tab.messages).toHaveAttribute("data-state", "pending");
  await expect(tab.state).toContainText("The server cannot be reached");
  // Something on the way says that the server is away.
  proxy.mend();
  proxy.behavior.answer = (_, response) => {
    response.writeHead(502).end("Bad gateway");
    return true;
  };
  await tab.page.reload();
  await expect(tab.messages).toHaveAttribute("data-state", "pending");
  delete proxy.behavior.answer;
  await tab.isLive();
  await expect(tab.messages).toHaveAttribute("data-state", "sent");
  await alice.context.close();
});

test("after a deploy the page is the new one, and an open one goes on", async ({ browser }) => {
  const folder = await mkdtemp(join(tmpdir(), "stellar-dist-"));
  await cp(client, folder, { recursive: true });
  const server = await Server.start({ DIST: folder });
  try {
    const alice = await User.guest(browser, server, "Alice");
    const canvas = await alice.createCanvas();
    const tab = await alice.open(canvas);
    await isKept(tab.page);
    await tab.page.reload();
    await tab.isLive();

    // Another start script by another name, and a mark in the page.
    const boot = (await readdir(folder)).find((name) => /^boot-\w+\.js$/.test(name)) ?? "";
    const script = await readFile(join(folder, boot), "utf8");
    await writeFile(join(folder, "boot-0123456789abcdef.js"), script);
    const index = join(folder, "index.html");
    const html = await readFile(index, "utf8");
    const deployed = html
      .replace(/ integrity=("[^"]*"|[^ >]*)/g, "")
      .replace(boot, "boot-0123456789abcdef.js")
      .replace("<title>", '<meta name="deploy" content="2"><title>');
    await writeFile(index, deployed);
    for (const name of await readdir(folder)) {
      const isOld = name.startsWith(boot) || /^index\.html\./.test(name);
      if (isOld) await rm(join(folder, name));
    }

    // What the open page may still need is there.
    const old = await tab.page.evaluate(
      async (path) => (await fetch(path, { cache: "no-store" })).status,
      `/${boot}`,
    );
    expect(old).toBe(200);
    const mark = 'meta[name="deploy"]';
    const page = await alice.context.newPage();
    await page.goto(`/canvas/${canvas.id}`);
    await new CanvasPage(page, canvas).isLive();
    await expect(page.locator(mark)).toHaveCount(1);
    await expect
      .poll(async () => (await kept(page)).includes("/boot-0123456789abcdef.js"))
      .toBe(true);
    await expect.poll(async () => (await kept(page)).filter((path) => path === "/").length).toBe(2);
    await alice.context.setOffline(true);
    await page.reload();
    await expect(page.locator(mark)).toHaveCount(1);
    await expect(page.getByRole("status", { name: "Connection" })).toContainText("Offline");
    await alice.context.close();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

test("the client can be installed", async ({ page }) => {
  await page.goto("/");
  const address = await page.locator('link[rel="manifest"]').getAttribute("href");
  const answer = await page.request.get(address ?? "");
  expect(answer.headers()["content-type"]).toContain("application/manifest+json");
  const manifest = (await answer.json()) as { start_url: string; icons: { src: string }[] };
  expect(manifest.start_url).toBe("/");
  for (const { src } of manifest.icons) {
    const icon = await page.request.get(src);
    expect(icon.headers()["content-type"]).toContain("image/");
  }
});
