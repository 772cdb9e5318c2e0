// Pages, dialogs and forms that are left while something is still awaited.

import { CanvasPage, User, expect, freshName, test } from "../fixtures.ts";
import type { Page } from "@playwright/test";

/** What a page's program died of. */
function errors(page: Page): string[] {
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(error.message));
  return found;
}

function home(page: Page): Promise<void> {
  // A link within the application: the page stays.
  return page.locator(".top-bar a[href='/']").first().click();
}

test("two roles changed in a row are both changed", async ({ newAccount }) => {
  const owner = await newAccount(freshName("owner"));
  const others = [await newAccount(freshName("aone")), await newAccount(freshName("btwo"))];
  const canvas = await owner.createCanvas();
  const names = others.map((user) => user.account.username);
  for (const name of names) {
    await owner.api("PUT", `/canvases/${canvas.id}/members/${name}`, { role: "editor" });
  }
  const tab = await owner.open(canvas);
  const found = errors(tab.page);
  // The answer to the second change comes when the rows were made anew by the first.
  const held: (() => void)[] = [];
  await tab.page.route(/\/members\//, async (route) => {
    await new Promise<void>((go) => held.push(go));
    await route.continue();
  });
  await tab.page.getByRole("button", { name: "Menu" }).click();
  await tab.page.getByRole("button", { name: /settings/i }).click();
  for (const name of names) {
    await tab.page.getByLabel(`Role of ${name}`).selectOption({ label: "Watches" });
  }
  await expect.poll(() => held.length).toBe(2);
  for (const answer of held) {
    const list = tab.page.waitForResponse((answer) => /\/members\?/.test(answer.url()));
    answer();
    await list;
  }
  for (const name of names) {
    await expect(tab.page.getByLabel(`Role of ${name}`)).toHaveValue("Watches");
  }
  expect(found).toEqual([]);
});

test("who leaves a canvas early has left it", async ({ newAccount, bob }) => {
  const owner = await newAccount(freshName("owner"));
  const canvas = await owner.createCanvas();
  // Somebody whose name the page must ask for.
  await bob.api("POST", `/canvases/${canvas.id}/tiles`, { x: 1, y: 1 });
  const page = await owner.context.newPage();
  const found = errors(page);
  const tab = new CanvasPage(page, canvas);
  let answer: () => void = () => {};
  const asked = new Promise<void>((asks) => {
    void page.route(/\/members(\?|$)/, async (route) => {
      asks();
      await new Promise<void>((go) => {
        answer = go;
      });
      await route.continue().catch(() => {});
    });
  });
  const sockets = new Set<unknown>();
  page.on("websocket", (socket) => {
    // The start page has a socket of its own, which belongs to no canvas.
    if (!socket.url().includes("/ws/canvas/")) return;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await page.goto(`/canvas/${canvas.id}`);
  await tab.isLive();
  await asked;
  await home(page);
  await expect(page.getByRole("heading", { name: "Public canvases" })).toBeVisible();
  answer();
  await expect.poll(() => sockets.size).toBe(0);
  await stillWorks(page);
  expect(found).toEqual([]);
});

test("after signing out on a canvas the start page works", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const found = errors(tab.page);
  await tab.page.getByRole("button", { name: "Menu" }).click();
  await tab.page.getByRole("button", { name: "Sign out" }).click();
  await tab.page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await expect(tab.page.getByRole("heading", { name: "Public canvases" })).toBeVisible();
  await tab.page.getByRole("textbox", { name: "Your name" }).fill("Another");
  await tab.page.getByRole("button", { name: "Draw as a guest" }).click();
  // Guests are shown the liveliest canvas.
  const other = new CanvasPage(tab.page, canvas);
  await other.isLive();
  expect(found).toEqual([]);
});

test("after a visit to a canvas the profile opens on the start page", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const found = errors(tab.page);
  await home(tab.page);
  await tab.page.getByRole("button", { name: "Profile" }).click();
  const dialog = tab.page.getByRole("dialog");
  const name = dialog.getByRole("textbox", { name: "Your name" });
  await expect(name).toHaveValue("Alice");
  await name.fill("Alicia");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(tab.page.getByRole("heading", { name: "Alicia" })).toBeVisible();
  expect(found).toEqual([]);
});

test("a profile that is closed while it is saved is saved", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  const found = errors(tab.page);
  let answer: () => void = () => {};
  const asked = new Promise<void>((asks) => {
    void tab.page.route(/\/users\/me$/, async (route) => {
      if (route.request().method() !== "PATCH") return route.continue();
      asks();
      await new Promise<void>((go) => {
        answer = go;
      });
      await route.continue();
    });
  });
  await tab.page.getByRole("button", { name: "Menu" }).click();
  await tab.page.getByRole("button", { name: "Profile" }).click();
  const dialog = tab.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Your name" }).fill("Alicia");
  await dialog.getByRole("button", { name: "Save" }).click();
  await asked;
  await tab.page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  answer();
  await tab.show("People");
  await expect.poll(() => tab.names()).toEqual(["Alicia"]);
  expect(found).toEqual([]);
});

test("what is left while the server is slow leaves nothing behind", async ({
  browser,
  newProxy,
}) => {
  // Every answer comes late, and each page is left before it.
  const proxy = await newProxy({ delay: (request) => (request.url?.includes("/api/") ? 300 : 0) });
  const alice = await User.guest(browser, proxy, "Alice");
  const canvas = await alice.createCanvas();
  const page = await alice.context.newPage();
  const found = errors(page);
  await page.goto(`/canvas/${canvas.id}`);
  for (let visit = 0; visit < 3; visit += 1) {
    await home(page);
    await expect(page.getByRole("heading", { name: "Public canvases" })).toBeVisible();
    await page.goBack();
    await expect(page.getByRole("grid", { name: "Board" })).toBeVisible();
  }
  const tab = new CanvasPage(page, canvas);
  await tab.isLive();
  await tab.say("Here");
  await expect(tab.messages).toHaveAttribute("data-state", "sent");
  expect(found).toEqual([]);
  await alice.context.close();
});

/** The program of the page answers to a click. */
async function stillWorks(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Profile" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
}
