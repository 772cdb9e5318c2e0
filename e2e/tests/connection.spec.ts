// The connection and what one does without it: told honestly, kept, sent once.

import type { Page } from "@playwright/test";
import { CanvasPage, Server, User, expect, freshName, password, test } from "../fixtures.ts";

const tile = { x: 4, y: 4 };

interface Client {
  connection_id: string;
  user_id: number;
}

/** The HTTP answers, and nothing comes of a WebSocket, while the switch is on. */
async function switchSockets(page: Page): Promise<{ off: boolean }> {
  const state = { off: false };
  await page.routeWebSocket(/\/ws\/canvas\//, (socket) => {
    if (state.off) void socket.close({ code: 1001, reason: "retry_after_ms=300" });
    else socket.connectToServer();
  });
  return state;
}

test("offline says so, keeps what is done, and sends it", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  await expect(hers.connection).toHaveText("Live");
  await hers.openTile(tile);
  await hers.takeColor(1);
  await alice.context.setOffline(true);
  await expect(hers.connection).toHaveAttribute("data-state", "offline");
  await expect(hers.connection).toContainText("Offline");
  await expect(hers.connection).not.toContainText("waiting");
  await expect(hers.state).toContainText("You are offline");

  // Nothing blocks the board.
  await hers.stroke(tile, { x: 4, y: 4 }, { x: 9, y: 4 });
  await expect(hers.connection).toContainText("1 change waiting");
  await expect.poll(() => hers.painted(1)).toHaveLength(6);
  await hers.show("Chat");
  await hers.say("From the tunnel");
  await expect(hers.connection).toContainText("2 changes waiting");
  await expect(hers.messages).toHaveAttribute("data-state", "pending");
  await expect(hers.messages).toContainText("Waits for the connection");

  await alice.context.setOffline(false);
  await hers.isLive();
  await expect(hers.connection).toHaveText("Live");
  await expect(hers.state).toHaveText("");
  await expect(hers.messages).toHaveAttribute("data-state", "sent");
  await his.show("Chat");
  await expect.poll(() => his.said()).toEqual(["From the tunnel"]);
  await expect.poll(() => his.painted(1)).toHaveLength(6);
});

test("a killed server is waited for, and can be tried at once", async ({
  server,
  alice,
  canvas,
}) => {
  const tab = await alice.open(canvas);
  await server.kill();
  await expect(tab.connection).toHaveAttribute("data-state", "reconnecting");
  await tab.say("Anybody?");
  await expect(tab.connection).toContainText("1 change waiting");
  await expect(tab.connection).toContainText(/Reconnecting in \d+ s/);
  await expect(tab.state).toContainText("The server cannot be reached");
  await server.start();
  await expect(async () => {
    const retry = tab.page.getByRole("button", { name: "Try now" });
    if (await retry.isVisible()) await retry.click({ timeout: 500 });
    await expect(tab.connection).toHaveText("Live", { timeout: 1_000 });
  }).toPass();
  await expect(tab.messages).toHaveAttribute("data-state", "sent");
});

test("a server that is restarted finds its people again", async ({ server, alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.say("Before");
  await expect.poll(() => his.said()).toEqual(["Before"]);
  await server.shutDown();
  await hers.isAway();
  await server.start();
  for (const tab of [hers, his]) await tab.isLive();
  await his.say("After");
  for (const tab of [hers, his]) await expect.poll(() => tab.said()).toEqual(["Before", "After"]);
  await his.show("People");
  await expect.poll(() => his.names()).toEqual(["Alice", "Bob"]);
});

test("what waits is shown again after a reload, and sent once", async ({ alice, bob, canvas }) => {
  const page = await alice.context.newPage();
  const sockets = await switchSockets(page);
  sockets.off = true;
  await page.goto(`/canvas/${canvas.id}`);
  const hers = new CanvasPage(page, canvas);
  // The board is there without a connection, and can be drawn on.
  await expect(hers.board).toHaveAttribute("data-loaded", "true");
  await hers.openTile(tile);
  await hers.takeColor(1);
  await hers.stroke(tile, { x: 4, y: 4 }, { x: 9, y: 4 });
  await hers.say("Still there?");
  await expect(hers.connection).toContainText("2 changes waiting");

  await page.reload();
  await expect(hers.connection).toContainText("2 changes waiting");
  await expect(hers.messages).toHaveAttribute("data-state", "pending");
  await hers.openTile(tile);
  await expect.poll(() => hers.painted(1)).toHaveLength(6);
  expect(await alice.stored(canvas, tile)).not.toContain(1);

  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  sockets.off = false;
  await hers.isLive();
  for (const tab of [hers, his]) {
    await expect.poll(() => tab.said()).toEqual(["Still there?"]);
    await expect.poll(() => tab.painted(1)).toHaveLength(6);
  }
  await page.reload();
  await hers.isLive();
  await expect(hers.messages).toHaveAttribute("data-state", "sent");
  expect(await hers.said()).toEqual(["Still there?"]);
});

test("two tabs with their own queues lose nothing", async ({ alice, bob, canvas }) => {
  const first = await alice.open(canvas);
  const second = await alice.open(canvas);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  await first.openTile(tile);
  await second.openTile(tile);
  await alice.context.setOffline(true);
  for (const tab of [first, second]) await tab.isAway();
  await first.takeColor(1);
  await second.takeColor(2);
  await first.stroke(tile, { x: 2, y: 3 }, { x: 8, y: 3 });
  await second.stroke(tile, { x: 2, y: 6 }, { x: 8, y: 6 });
  await first.say("From the first");
  await second.say("From the second");
  for (const tab of [first, second]) {
    await expect(tab.connection).toContainText("2 changes waiting");
  }
  // One of them is closed before there is a network again.
  await second.page.close();
  await alice.context.setOffline(false);
  await first.isLive();
  const third = await alice.open(canvas, `?tile=${tile.x},${tile.y}`);
  for (const tab of [first, third, his]) {
    await expect
      .poll(async () => (await tab.said()).sort())
      .toEqual(["From the first", "From the second"]);
    await expect.poll(() => tab.painted(1)).toHaveLength(7);
    await expect.poll(() => tab.painted(2)).toHaveLength(7);
  }
  expect(await first.said()).toEqual(await his.said());
});

test("a second tab sees what the first one draws and says", async ({ alice, canvas }) => {
  const first = await alice.open(canvas);
  const second = await alice.open(canvas, `?tile=${tile.x},${tile.y}`);
  await first.openTile(tile);
  await first.takeColor(3);
  await first.stroke(tile, { x: 1, y: 1 }, { x: 5, y: 1 });
  await first.say("To myself");
  await expect.poll(() => second.painted(3)).toHaveLength(5);
  await expect.poll(() => second.said()).toEqual(["To myself"]);
  // Undo is each tab's own.
  await second.openTile(tile);
  await expect(second.tools.getByRole("button", { name: "Undo" })).toBeDisabled();
  await first.tools.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => second.painted(3)).toEqual([]);
});

/** Signs in on the card over the board. */
async function signIn(page: Page, name: string, username: string): Promise<void> {
  const card = page.getByRole("region", { name });
  await card.getByRole("button", { name: "Sign in" }).click();
  await card.getByRole("textbox", { name: "User name" }).fill(username);
  await card.getByLabel("Password").fill(password);
  await card.getByRole("button", { name: "Sign in" }).click();
  await expect(card).toBeHidden();
}

test("an expired session is told, and signing in sends what waited", async ({ browser }) => {
  const server = await Server.start({ TOKEN_TTL: "8" });
  const user = await User.register(browser, server, freshName("brief"));
  const context = await browser.newContext({ baseURL: server.url });
  try {
    const canvas = await user.createCanvas();
    const { username } = user.account;
    const page = await context.newPage();
    await page.goto(`/canvas/${canvas.id}`);
    const tab = new CanvasPage(page, canvas);
    // The time begins to run here.
    await signIn(page, "Join in", username);
    await tab.isLive();
    await tab.openTile(tile);
    await tab.takeColor(1);
    await expect(tab.connection).toHaveText("Signed out", { timeout: 20_000 });
    await expect(tab.connection).toHaveAttribute("data-state", "signed_out");
    await expect(tab.message).toBeDisabled();

    // What is drawn meanwhile waits.
    await tab.stroke(tile, { x: 1, y: 1 }, { x: 4, y: 1 });
    await expect(tab.connection).toContainText("1 change waiting");
    const card = page.getByRole("region", { name: "You are signed out" });
    await expect(card).toContainText("1 change waits for you.");
    await signIn(page, "You are signed out", username);
    // A canvas that anybody may see needs no token to be read.
    await expect
      .poll(async () => (await user.stored(canvas, tile)).filter((color) => color === 1))
      .toHaveLength(4);
  } finally {
    await context.close();
    await user.context.close();
    await server.stop();
  }
});

test("signing out in one tab signs out the other", async ({ newAccount }) => {
  const user = await newAccount(freshName("twotabs"));
  const canvas = await user.createCanvas();
  const first = await user.open(canvas);
  const second = await user.open(canvas);
  await first.page.getByRole("button", { name: "Menu" }).click();
  await first.page.getByRole("button", { name: "Sign out" }).click();
  await expect(first.page).toHaveURL("/");
  await expect(second.connection).toHaveText("Signed out");
  await signIn(second.page, "You are signed out", user.account.username);
  await second.isLive();
});

test("who is disconnected by the host is told so, and stays away", async ({
  host,
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const { items } = await host.api<{ items: Client[] }>(
    "GET",
    `/admin/clients?canvas_id=${canvas.id}&user_id=${bob.account.id}`,
  );
  expect(items).toHaveLength(1);
  await host.api("DELETE", `/admin/clients/${items[0]?.connection_id}`);
  await expect(his.connection).toHaveText("Disconnected");
  await expect(his.state).toContainText("An administrator disconnected this tab");
  await hers.say("Bob?");
  await expect(hers.messages).toHaveAttribute("data-state", "sent");
  await expect(his.messages).toHaveCount(0);
  // Whoever comes back by hand is welcome.
  await his.page.getByRole("button", { name: "Reconnect" }).click();
  await his.isLive();
  await expect.poll(() => his.said()).toEqual(["Bob?"]);
});

test("the host's word reaches everybody", async ({ host, alice, canvas }) => {
  const tab = await alice.open(canvas);
  const message = "We restart at noon.";
  await host.api("POST", "/admin/announcements", { message, canvas_id: canvas.id });
  await expect(tab.notices).toContainText(message);
});

test("a canvas that is deleted while open says so", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  const his = await bob.open(canvas);
  await his.openTile(tile);
  await alice.api("DELETE", `/canvases/${canvas.id}`);
  await expect(
    his.page.getByRole("heading", { name: "This canvas was deleted" }),
  ).toBeVisible();
  await expect(his.connection).toHaveText("Canvas deleted");
  // It is seen as it was, and not drawn on any more.
  await expect(his.board).toBeVisible();
  await expect(his.tools).toBeHidden();
  await his.show("Tile");
  await expect(his.page.getByText("Nothing more can be drawn here.")).toBeVisible();
  await expect(his.page.getByRole("button", { name: "Point here" })).toBeDisabled();
  await his.state.getByRole("link", { name: "All canvases" }).click();
  await expect(his.page).toHaveURL("/");
});

test("who is no member any more is told, and sees nothing new", async ({ alice, bob }) => {
  const canvas = await alice.createCanvas({ visibility: "private" });
  const member = `/canvases/${canvas.id}/members/${bob.account.username}`;
  await alice.api("PUT", member, { role: "editor" });
  const his = await bob.open(canvas);
  await alice.api("DELETE", member);
  await expect(his.state).toContainText("You cannot see this canvas any more");
  await expect(his.connection).toHaveText("No access");
  await his.page.reload();
  await expect(his.page.getByRole("heading", { name: "This canvas is private" })).toBeVisible();
  await expect(his.board).toBeHidden();
});

test("too many tabs are told of, and the last one comes in when another goes", async ({
  browser,
}) => {
  const server = await Server.start({ WEBSOCKET_MAX_CONNECTIONS_PER_USER: "1" });
  const user = await User.guest(browser, server, "Tabea");
  try {
    const canvas = await user.createCanvas();
    const first = await user.open(canvas);
    const page = await user.context.newPage();
    await page.goto(`/canvas/${canvas.id}`);
    const second = new CanvasPage(page, canvas);
    await expect(second.state).toContainText("Too many tabs are open");
    await second.say("Let me in");
    await first.page.close();
    await second.isLive();
    await expect(second.messages).toHaveAttribute("data-state", "sent");
  } finally {
    await user.context.close();
    await server.stop();
  }
});

test("a server that is full is told of, and the place comes when somebody goes", async ({
  browser,
}) => {
  const server = await Server.start({ WEBSOCKET_MAX_CONNECTIONS: "1" });
  const owner = await User.guest(browser, server, "Owen");
  const guest = await User.guest(browser, server, "Gwen");
  try {
    const canvas = await owner.createCanvas();
    const first = await owner.open(canvas);
    const page = await guest.context.newPage();
    await page.goto(`/canvas/${canvas.id}`);
    const second = new CanvasPage(page, canvas);
    await expect(second.state).toContainText("The server is full");
    // What may be seen is seen meanwhile.
    await expect(second.board).toHaveAttribute("data-loaded", "true");
    await first.page.close();
    await second.isLive();
    await expect(second.state).toHaveText("");
  } finally {
    await owner.context.close();
    await guest.context.close();
    await server.stop();
  }
});

test("a tab that sends what nobody can read is disconnected and says so", async ({
  alice,
  canvas,
}) => {
  const page = await alice.context.newPage();
  const lines: { send(text: string): void }[] = [];
  await page.routeWebSocket(/\/ws\/canvas\//, (socket) => {
    const server = socket.connectToServer();
    lines.push(server);
  });
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await tab.isLive();
  for (let count = 0; count < 20; count += 1) lines[0]?.send("{");
  await expect(tab.state).toContainText("too many messages");
  await expect(tab.connection).toHaveText("Disconnected");
  await expect(tab.connection).toHaveAttribute("data-state", "ended");
  await tab.state.getByRole("button", { name: "Reconnect" }).click();
  await tab.isLive();
});

test("a stroke that is refused when the line is back is taken back, and it says why", async ({
  alice,
  bob,
  canvas,
}) => {
  const his = await bob.open(canvas);
  await his.openTile(tile);
  await his.takeColor(2);
  await bob.context.setOffline(true);
  await his.isAway();
  await his.stroke(tile, { x: 2, y: 2 }, { x: 6, y: 2 });
  await expect.poll(() => his.painted(2)).toHaveLength(5);
  const member = `/canvases/${canvas.id}/members/${bob.account.username}`;
  await alice.api("PUT", member, { role: "viewer" });
  await bob.context.setOffline(false);
  await his.isLive();
  await expect(his.notices).toContainText("Your change was taken back. You may not do this here.");
  await expect(his.tools).toBeHidden();
  await expect.poll(() => his.painted(2)).toEqual([]);
});
