// What stands between a browser and the server, and answers in its place.

import { CanvasPage, User, expect, test } from "../fixtures.ts";

const forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

test("where no WebSocket comes through, one is told that", async ({ browser, newProxy }) => {
  let blocks = true;
  const proxy = await newProxy({ refuse: () => (blocks ? forbidden : undefined) });
  const alice = await User.guest(browser, proxy, "Alice");
  const canvas = await alice.createCanvas();
  const page = await alice.context.newPage();
  const tab = new CanvasPage(page, canvas);
  await page.goto(`/canvas/${canvas.id}`);
  await expect(tab.board).toHaveAttribute("data-loaded", "true");
  await expect(tab.state).toContainText("No live connection comes through", { timeout: 30_000 });
  await tab.say("From behind");
  blocks = false;
  await tab.isLive();
  await expect(tab.state).toHaveText("");
  await expect(tab.messages).toHaveAttribute("data-state", "sent");
  await alice.context.close();
});

test("an address that the server does not know is not a server that is away", async ({
  browser,
  canvas,
  newProxy,
}) => {
  // As with nginx on another port and `proxy_set_header Host $host`.
  const proxy = await newProxy({ host: (host) => host.replace(/:\d+$/, "") });
  const context = await browser.newContext({ baseURL: proxy.url });
  const page = await context.newPage();
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await page.getByRole("textbox", { name: "Your name" }).fill("Visitor");
  await page.getByRole("button", { name: "Draw as a guest" }).click();
  await expect(tab.state).toContainText("does not know this address");
  await expect(tab.state).not.toContainText("cannot be reached");
  await context.close();
});

for (const [name, status, headers] of [
  ["a proxy that lets nobody in", 401, {}],
  ["a proxy that does not know the way", 404, {}],
  ["a proxy whose server is away", 503, { "retry-after": "1" }],
] as const) {
  test(`${name} signs nobody out and hides no canvas`, async ({ browser, newProxy }) => {
    let answers = false;
    const proxy = await newProxy({
      refuse: () =>
        answers ? `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n` : undefined,
      answer: (request, response) => {
        if (!answers || !request.url?.startsWith("/api/v1/")) return false;
        response.writeHead(status, { ...headers, "content-type": "text/html" });
        response.end("<h1>Not the server</h1>");
        return true;
      },
    });
    const alice = await User.guest(browser, proxy, "Alice");
    const canvas = await alice.createCanvas();
    const tab = await alice.open(canvas);
    answers = true;
    // The line breaks, and everything that is asked is answered by the proxy.
    await alice.context.setOffline(true);
    await tab.isAway();
    await tab.say("Kept");
    await expect(tab.messages).toHaveAttribute("data-state", "pending");
    await alice.context.setOffline(false);
    await expect(tab.state).not.toHaveText("");
    await expect(tab.state).not.toContainText("You are offline");
    await expect(tab.connection).not.toHaveAttribute("data-state", "signed_out");
    answers = false;
    await tab.isLive();
    await expect(tab.messages).toHaveAttribute("data-state", "sent");

    // So it is for a page that is opened meanwhile.
    const page = await alice.context.newPage();
    answers = true;
    await page.goto(`/canvas/${canvas.id}`);
    const late = new CanvasPage(page, canvas);
    await expect(late.state).not.toHaveText("");
    answers = false;
    await late.isLive();
    await expect.poll(() => late.said()).toEqual(["Kept"]);
    await alice.context.close();
  });
}

test("a proxy that asks for a password signs nobody out", async ({ browser, newProxy }) => {
  // Safari sends no password with a WebSocket, and the client none with its question why.
  let asks = false;
  let asked = 0;
  const challenge = 'Basic realm="staging"';
  const proxy = await newProxy({
    refuse: () =>
      asks
        ? `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
        : undefined,
    answer: (request, response) => {
      if (!asks || !request.url?.includes("/ws/canvas/")) return false;
      asked += 1;
      response.writeHead(401, { "www-authenticate": challenge, "content-type": "text/html" });
      response.end("<h1>401 Authorization Required</h1>");
      return true;
    },
  });
  const alice = await User.guest(browser, proxy, "Alice");
  const canvas = await alice.createCanvas();
  asks = true;
  const page = await alice.context.newPage();
  const tab = new CanvasPage(page, canvas);
  await page.goto(`/canvas/${canvas.id}`);
  // The second question comes after the first one was answered, or given up.
  await expect.poll(() => asked, { timeout: 60_000 }).toBeGreaterThan(1);
  await expect(tab.connection).not.toHaveAttribute("data-state", "signed_out");
  asks = false;
  await tab.isLive();
  await alice.context.close();
});

test("a request that is never answered is given up and asked again", async ({
  browser,
  newProxy,
}) => {
  test.slow();
  let hangs = true;
  let asked = 0;
  const proxy = await newProxy({
    answer: (request) => {
      if (!request.url?.endsWith("/users/me")) return false;
      asked += 1;
      return hangs;
    },
  });
  const alice = await User.guest(browser, proxy, "Alice");
  const canvas = await alice.createCanvas();
  const page = await alice.context.newPage();
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await expect.poll(() => asked).toBe(1);
  hangs = false;
  await expect.poll(() => asked, { timeout: 40_000 }).toBeGreaterThan(1);
  await tab.isLive();
  await alice.context.close();
});
