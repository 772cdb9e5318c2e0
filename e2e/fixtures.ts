// What every browser test starts from: one server per worker, users with browsers of their own,
// and as many tabs for each as a test wants.

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  expect,
  test as base,
} from "@playwright/test";
import { CanvasPage } from "./canvas-page.ts";
import { type Behavior, Proxy } from "./proxy.ts";
import { Server } from "./server.ts";

export { type Camera, CanvasPage, leftAfter, type Place } from "./canvas-page.ts";
export { expect } from "@playwright/test";
export { Proxy } from "./proxy.ts";
export { Server } from "./server.ts";

/** Parts of the API's answers that tests use; PROTOCOL.md has them whole. */
export interface Account {
  id: number;
  username: string;
  display_name: string;
}

export interface Canvas {
  id: number;
  name: string;
  width: number;
  height: number;
  tile_size: number;
  palette: string[];
  epoch: string;
  last_seq: number;
}

export interface Tile {
  x: number;
  y: number;
  title: string;
  /** Base64 of one byte for each pixel. */
  pixels: string;
  like_count: number;
}

/**
 * A connection that was not used for a while may be closed by the server in the moment in which it
 * is used again.
 */
const maxRetries = 2;

/** Of everybody here who has an account. */
export const password = "correct horse battery";
/** The user name of the server's host, who may use `/admin`. */
const hostName = "host";

/** Tells apart what the tests of one worker make. */
let made = 0;
/** A user name that nobody has. */
export function freshName(start: string): string {
  made += 1;
  return `${start}_${process.pid}_${made}`;
}

/** What the pages of a test did against the server's Content-Security-Policy. */
let violations: string[] = [];

/** A browser that remembers that somebody signed in, as the client has it. */
async function newContext(
  browser: Browser,
  server: { url: string },
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const localStorage = [{ name: "stellar.signed_in", value: "1" }];
  const storageState = { cookies: [], origins: [{ origin: server.url, localStorage }] };
  const context = await browser.newContext({ baseURL: server.url, storageState, ...options });
  context.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) violations.push(message.text());
  });
  return context;
}

/** A signed-in person with a browser of their own. */
export class User {
  private constructor(
    readonly account: Account,
    readonly token: string,
    readonly context: BrowserContext,
  ) {}

  /** A guest, signed in through the API; the browser gets the cookie. */
  static async guest(
    browser: Browser,
    server: { url: string },
    displayName: string,
    options: BrowserContextOptions = {},
  ): Promise<User> {
    const context = await newContext(browser, server, options);
    return User.enter(context, "guest", { display_name: displayName });
  }

  /** Somebody with an account, who can sign in again with `password`. */
  static async register(
    browser: Browser,
    server: { url: string },
    username: string,
  ): Promise<User> {
    const context = await newContext(browser, server);
    return User.enter(context, "register", { username, password });
  }

  /** The host of the server; made with the first test of a worker that asks for one. */
  static async host(browser: Browser, server: Server): Promise<User> {
    const context = await newContext(browser, server);
    const account = { username: hostName, password };
    const known = await context.request.post("/api/v1/auth/login", { data: account, maxRetries });
    if (!known.ok()) await server.createAdmin(hostName, password);
    return User.enter(context, "login", account);
  }

  private static async enter(context: BrowserContext, way: string, data: object): Promise<User> {
    const answer = await context.request.post(`/api/v1/auth/${way}`, { data, maxRetries });
    expect(answer.ok(), await answer.text()).toBe(true);
    const { token, user } = (await answer.json()) as { token: string; user: Account };
    return new User(user, token, context);
  }

  /** Asks the API as this user; fails unless the answer is a success. */
  async api<T>(method: string, path: string, data?: unknown): Promise<T> {
    const answer = await this.context.request.fetch(`/api/v1${path}`, {
      maxRetries,
      method,
      data,
      headers: { authorization: `Bearer ${this.token}` },
    });
    expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
    const body = await answer.text();
    return (body === "" ? undefined : JSON.parse(body)) as T;
  }

  async createCanvas(settings: Partial<Canvas> & Record<string, unknown> = {}): Promise<Canvas> {
    const data = { name: "Test canvas", width: 8, height: 8, tile_size: 16, ...settings };
    return this.api<Canvas>("POST", "/canvases", data);
  }

  /** The pixels of a tile as the server has them; all 255 where there is no tile. */
  async stored(canvas: Canvas, { x, y }: { x: number; y: number }): Promise<number[]> {
    const area = `x0=${x}&y0=${y}&x1=${x}&y1=${y}`;
    const answer = await this.context.request.get(
      `/api/v1/canvases/${canvas.id}/tiles?${area}`,
      { maxRetries },
    );
    expect(answer.ok(), await answer.text()).toBe(true);
    const { items } = (await answer.json()) as { items: Tile[] };
    const tile = items[0];
    if (!tile) return Array.from({ length: canvas.tile_size ** 2 }, () => 255);
    return [...Buffer.from(tile.pixels, "base64")];
  }

  /** Says all this on a canvas, without a page of it. Returns when it is stored. */
  async says(canvas: Canvas, texts: string[]): Promise<void> {
    await this.sends(canvas, texts.map((text) => ({ type: "canvas_chat", text })));
  }

  /** Paints pixels of a tile, without a page of it. Returns when they are stored. */
  async paints(
    canvas: Canvas,
    { x, y }: { x: number; y: number },
    color: number,
    spots: { x: number; y: number }[],
  ): Promise<void> {
    const pixels = spots.map((spot) => [spot.y * canvas.tile_size + spot.x, color]);
    await this.sends(canvas, [{ type: "tile_paint", x, y, pixels }]);
  }

  /** Sends durable messages on a canvas, without a page of it. Returns when all are stored. */
  async sends(canvas: Canvas, messages: object[]): Promise<void> {
    const page = await this.context.newPage();
    await page.goto("/healthz");
    await page.evaluate(
      ({ id, messages }) =>
        new Promise<void>((done, failed) => {
          const socket = new WebSocket(`ws://${location.host}/api/v1/ws/canvas/${id}`);
          let waiting = messages.length;
          socket.onmessage = ({ data }) => {
            const message = JSON.parse(data as string) as { type: string };
            if (message.type === "connected") {
              for (const one of messages) {
                socket.send(JSON.stringify({ ...one, op_id: crypto.randomUUID() }));
              }
            }
            if (message.type === "error") failed(new Error(data as string));
            if (message.type === "ack") waiting -= 1;
            if (waiting === 0) done();
          };
          socket.onclose = () => failed(new Error("closed"));
        }),
      { id: canvas.id, messages },
    );
    await page.close();
  }

  /** A new tab that shows the canvas, live. `place` is a query or hash, such as `?tile=1,2`. */
  async open(canvas: Canvas, place = ""): Promise<CanvasPage> {
    const page = await this.context.newPage();
    await page.goto(`/canvas/${canvas.id}${place}`);
    const tab = new CanvasPage(page, canvas);
    await tab.isLive();
    return tab;
  }
}

interface TestFixtures {
  /** Starts a proxy before the server. */
  newProxy: (behavior?: Behavior) => Promise<Proxy>;
  /** Fails a test in which a page did what the server's policy forbids. */
  lawful: void;
  /** Makes further users, or such with a browser of other size, touch or colours. */
  newUser: (displayName: string, options?: BrowserContextOptions) => Promise<User>;
  /** Makes somebody with an account of this user name. */
  newAccount: (username: string) => Promise<User>;
  /** May use `/admin`. */
  host: User;
  alice: User;
  bob: User;
  /** Made by Alice; new for each test. */
  canvas: Canvas;
}

interface WorkerFixtures {
  server: Server;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  lawful: [
    async ({}, use) => {
      violations = [];
      await use();
      expect(violations).toEqual([]);
    },
    { auto: true },
  ],
  newProxy: async ({ server }, use) => {
    const proxies: Proxy[] = [];
    await use(async (behavior) => {
      const proxy = await Proxy.start(server.url, behavior);
      proxies.push(proxy);
      return proxy;
    });
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  },
  newUser: async ({ browser, server }, use, testInfo) => {
    const users: User[] = [];
    await use(async (displayName, options) => {
      const user = await User.guest(browser, server, displayName, options);
      users.push(user);
      return user;
    });
    await Promise.all(users.map((user) => user.context.close()));
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach("server", { body: server.output, contentType: "text/plain" });
    }
  },
  newAccount: async ({ browser, server }, use) => {
    const users: User[] = [];
    await use(async (username) => {
      const user = await User.register(browser, server, username);
      users.push(user);
      return user;
    });
    await Promise.all(users.map((user) => user.context.close()));
  },
  host: async ({ browser, server }, use) => {
    const host = await User.host(browser, server);
    await use(host);
    await host.context.close();
  },
  alice: async ({ newUser }, use) => use(await newUser("Alice")),
  bob: async ({ newUser }, use) => use(await newUser("Bob")),
  canvas: async ({ alice }, use) => use(await alice.createCanvas()),
});
