// Whose page it is: one browser, several tabs, several people, and a server that is away.

import type { Page } from "@playwright/test";
import { CanvasPage, User, expect, freshName, password, test } from "../fixtures.ts";

const tile = { x: 4, y: 4 };

interface Messages {
  items: { message_text: string; sender_username: string }[];
}

/** A page of a canvas whose line can be cut, while the HTTP goes on. */
async function openWithSwitch(
  user: User,
  id: number,
): Promise<{ page: Page; line: { down: boolean } }> {
  const page = await user.context.newPage();
  const line = { down: false };
  const away = { code: 1012, reason: "retry_after_ms=300" };
  await page.routeWebSocket(/\/ws\/canvas\//, (socket) => {
    if (line.down) {
      // Let in and sent away, as by a server that goes down: nothing is asked over HTTP then.
      setTimeout(() => void socket.close(away), 100);
      return;
    }
    const server = socket.connectToServer();
    const cut = setInterval(() => {
      if (!line.down) return;
      clearInterval(cut);
      void socket.close(away);
      void server.close();
    }, 50);
  });
  await page.goto(`/canvas/${id}`);
  return { page, line };
}

/** Signs in on the start page. */
async function enter(page: Page, username: string): Promise<void> {
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("textbox", { name: "User name" }).fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: username })).toBeVisible();
}

test("what one queued waits for them, and is not sent as somebody else's", async ({
  newAccount,
}) => {
  const one = await newAccount(freshName("one"));
  const two = await newAccount(freshName("two"));
  const canvas = await one.createCanvas();
  const { page, line } = await openWithSwitch(one, canvas.id);
  const first = new CanvasPage(page, canvas);
  await first.isLive();
  await first.openTile(tile);
  await first.takeColor(1);
  await first.stroke(tile, { x: 1, y: 1 }, { x: 4, y: 1 });
  await expect.poll(() => one.stored(canvas, tile)).toContain(1);
  line.down = true;
  await first.isAway();
  await first.say("from One");
  await expect(first.messages).toHaveAttribute("data-state", "pending");

  const second = await one.context.newPage();
  await second.goto("/");
  await second.getByRole("button", { name: "Sign out" }).click();
  await enter(second, two.account.username);
  line.down = false;
  await first.isLive();
  await expect(first.connection).toHaveText("Live");
  await expect(first.messages).toHaveCount(0);
  await expect(first.tools.getByRole("button", { name: "Undo" })).toBeDisabled();
  await first.say("from Two");
  await expect(first.messages).toHaveAttribute("data-state", "sent");

  // One is back.
  await second.getByRole("button", { name: "Sign out" }).click();
  await enter(second, one.account.username);
  await expect.poll(() => first.said()).toEqual(["from Two", "from One"]);
  await expect(first.messages.last()).toHaveAttribute("data-state", "sent");
  const { items } = await two.api<Messages>("GET", `/canvases/${canvas.id}/messages`);
  const said = items.map((message) => [message.message_text, message.sender_username]);
  expect(said).toEqual([
    ["from One", one.account.username],
    ["from Two", two.account.username],
  ]);
});

test("who signs in in another tab is who the first tab belongs to", async ({ newAccount }) => {
  const one = await newAccount(freshName("one"));
  const two = await newAccount(freshName("two"));
  const first = await one.context.newPage();
  await first.goto("/");
  await expect(first.getByRole("heading", { name: one.account.username })).toBeVisible();
  const second = await one.context.newPage();
  await second.goto("/");
  await second.getByRole("button", { name: "Sign out" }).click();
  await enter(second, two.account.username);
  await expect(first.getByRole("heading", { name: two.account.username })).toBeVisible();
});

test("who signed out while the server was away stays signed out", async ({
  browser,
  newProxy,
}) => {
  const proxy = await newProxy();
  const user = await User.register(browser, proxy, freshName("leaving"));
  const { username } = user.account;
  const page = await user.context.newPage();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: username })).toBeVisible();
  proxy.cut();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: username })).toBeHidden();
  await expect(page.getByText("You are signed out in this browser")).toBeVisible();
  // The session is not over, and neither is the wish to end it.
  const works = async () => (await fetch(`${proxy.url}/api/v1/users/me`, bearer(user))).status;
  proxy.mend();
  await expect(page.getByText("You are signed out in this browser")).toBeHidden({
    timeout: 45_000,
  });
  expect(await works()).toBe(401);
  await page.reload();
  await expect(page.getByRole("button", { name: "Draw as a guest" })).toBeVisible();
  await expect(page.getByRole("heading", { name: username })).toBeHidden();
  await user.context.close();
});

test("a sign-out is carried out after a reload, and one may sign in before", async ({
  browser,
  newProxy,
}) => {
  let away = false;
  const proxy = await newProxy({
    // The page and the forms work; the server is too busy to end sessions.
    answer: (request, response) => {
      if (!away || !request.url?.endsWith("/auth/logout")) return false;
      response.writeHead(503, { "retry-after": "1" }).end();
      return true;
    },
  });
  const user = await User.register(browser, proxy, freshName("leaving"));
  const { username } = user.account;
  const page = await user.context.newPage();
  await page.goto("/");
  away = true;
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out in this browser")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Draw as a guest" })).toBeVisible();
  // The list of canvases shows that the cookie still works; nobody is signed in by that.
  await expect(page.getByRole("heading", { name: "Public canvases" })).toBeVisible();
  await expect(page.getByText("You are signed out in this browser")).toBeVisible();
  await expect(page.getByRole("heading", { name: username })).toBeHidden();
  await enter(page, username);
  away = false;
  await page.reload();
  await expect(page.getByRole("heading", { name: username })).toBeVisible();
  await user.context.close();
});

function bearer(user: User): RequestInit {
  return { headers: { authorization: `Bearer ${user.token}` } };
}
