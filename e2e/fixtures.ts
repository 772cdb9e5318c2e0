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
import { Server } from "./server.ts";

export { CanvasPage, leftAfter } from "./canvas-page.ts";
export { expect } from "@playwright/test";
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
    server: Server,
    displayName: string,
    options: BrowserContextOptions = {},
  ): Promise<User> {
    const context = await browser.newContext({
      baseURL: server.url,
      // The view jumps instead of flying; tests need not wait for it.
      reducedMotion: "reduce",
      ...options,
    });
    const answer = await context.request.post("/api/v1/auth/guest", {
      data: { display_name: displayName },
    });
    expect(answer.status(), await answer.text()).toBe(201);
    const { token, user } = (await answer.json()) as { token: string; user: Account };
    return new User(user, token, context);
  }

  /** Asks the API as this user; fails unless the answer is a success. */
  async api<T>(method: string, path: string, data?: unknown): Promise<T> {
    const answer = await this.context.request.fetch(`/api/v1${path}`, {
      method,
      data,
      headers: { authorization: `Bearer ${this.token}` },
    });
    expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
    return (answer.status() === 204 ? undefined : await answer.json()) as T;
  }

  async createCanvas(settings: Partial<Canvas> & Record<string, unknown> = {}): Promise<Canvas> {
    const data = { name: "Test canvas", width: 8, height: 8, tile_size: 16, ...settings };
    return this.api<Canvas>("POST", "/canvases", data);
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
  /** Makes further users, or such with a browser of other size, touch or colours. */
  newUser: (displayName: string, options?: BrowserContextOptions) => Promise<User>;
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
  newUser: async ({ browser, server }, use, testInfo) => {
    const users: User[] = [];
    await use(async (displayName, options) => {
      const user = await User.guest(browser, server, displayName, options);
      users.push(user);
      return user;
    });
    for (const user of users) await user.context.close();
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach("server", { body: server.output, contentType: "text/plain" });
    }
  },
  alice: async ({ newUser }, use) => use(await newUser("Alice")),
  bob: async ({ newUser }, use) => use(await newUser("Bob")),
  canvas: async ({ alice }, use) => use(await alice.createCanvas()),
});
