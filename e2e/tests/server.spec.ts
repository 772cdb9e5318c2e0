// The server as a host meets it: it delivers the client safely and survives being killed.

import { type Canvas, CanvasPage, expect, test } from "../fixtures.ts";

test("delivers a client that starts under its strict content policy", async ({ alice }) => {
  // Signed in: a browser also complains of the 401 by which the client learns that nobody is.
  const page = await alice.context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The tests let no page have a service worker.
    if (message.text() === "Service Worker registration blocked by Playwright") return;
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const loads: string[] = [];
  page.on("request", (request) => loads.push(request.url()));
  const answer = await page.goto("/");
  expect(answer?.status()).toBe(200);
  const policy = answer?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/script-src[^;]*'unsafe-inline'/);
  expect(policy).not.toMatch(/script-src[^;]*'unsafe-eval'/);
  await expect(page.locator("body > *").first()).toBeVisible();
  expect(complaints).toEqual([]);
  // Each file once, although some are asked for before the client runs.
  const code = loads.filter((url) => url.endsWith(".wasm"));
  expect(code.length).toBeGreaterThan(0);
  expect(code).toEqual([...new Set(code)]);
});

test("is asked for a canvas once, while the client still loads", async ({ alice, canvas, server }) => {
  const asked = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const snapshots = /^stellar_http_requests_total{.*\/snapshot".* (\d+)$/gm;
    return [...metrics.matchAll(snapshots)].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const before = await asked();
  const page = await alice.context.newPage();
  const tab = new CanvasPage(page, canvas);
  const loaded: string[] = [];
  page.on("requestfinished", (request) => loaded.push(request.url()));
  // The client's code is held back until the canvas is there, and who it is for until it is shown.
  await page.route("**/*.wasm", async (route) => {
    await expect.poll(() => loaded.filter((url) => url.endsWith("/snapshot"))).toHaveLength(1);
    await route.continue();
  });
  await page.route("**/users/me", async (route) => {
    await expect(tab.board).toHaveAttribute("data-loaded", "true");
    await route.continue();
  });
  await page.goto(`/canvas/${canvas.id}`);
  await tab.isLive();
  expect(await asked()).toBe(before + 1);
});

test("delivers the code compressed", async ({ page, request }) => {
  await page.goto("/");
  const wasm = await page.locator('meta[name="stellar-client"]').getAttribute("data-wasm");
  const answer = await request.get(wasm ?? "", { headers: { "accept-encoding": "br" } });
  expect(answer.headers()["content-encoding"]).toBe("br");
  expect(answer.headers()["content-type"]).toBe("application/wasm");
});

test("keeps what was stored when it is killed, on the same port", async ({
  server,
  alice,
  canvas,
}) => {
  const url = server.url;
  await server.kill();
  await server.start();
  expect(server.url).toBe(url);
  const kept = await alice.api<Canvas>("GET", `/canvases/${canvas.id}`);
  expect(kept).toMatchObject({ id: canvas.id, name: canvas.name, epoch: canvas.epoch });
});
