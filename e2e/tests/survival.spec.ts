// The server is killed while people type and draw: nothing is lost, nothing comes twice, and all
// see the same in the end.

import { expect, test } from "../fixtures.ts";

const tile = { x: 4, y: 4 };

interface Snapshot {
  tiles: { x: number; y: number; pixels: string }[];
  messages: { message_text: string }[];
}

test("a killed server costs nobody a word or a pixel", async ({ server, alice, bob, canvas }) => {
  test.slow();
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const tabs = [hers, his];
  await hers.openTile(tile);
  await his.openTile(tile);
  await hers.takeColor(1);
  await his.takeColor(2);

  // Alice draws rows 3, 5, 7, Bob rows 4, 6, 8; both talk in between.
  const round = async (number: number) => {
    const row = 3 + 2 * number;
    await hers.penDown(tile, { x: 3, y: row });
    await his.penDown(tile, { x: 3, y: row + 1 });
    await hers.drawTo(tile, { x: 12, y: row });
    await his.drawTo(tile, { x: 12, y: row + 1 });
    await hers.penUp();
    await his.penUp();
    await hers.say(`Alice ${number}`);
    await his.say(`Bob ${number}`);
  };
  await round(0);
  // While some of the first round may still be on its way.
  await server.kill();
  await round(1);
  for (const tab of tabs) {
    await tab.isAway();
    await expect(tab.messages.last()).toHaveAttribute("data-state", "pending");
  }
  await server.start();
  for (const tab of tabs) await tab.isLive();
  await round(2);

  const spoken = ["Alice 0", "Alice 1", "Alice 2", "Bob 0", "Bob 1", "Bob 2"];
  for (const tab of tabs) {
    await expect.poll(async () => (await tab.said()).sort()).toEqual(spoken);
    for (const message of await tab.messages.all()) {
      await expect(message).toHaveAttribute("data-state", "sent");
    }
  }
  const drawn = Array.from({ length: canvas.tile_size ** 2 }, (_, at) => {
    const x = at % canvas.tile_size;
    const y = Math.floor(at / canvas.tile_size);
    if (x < 3 || x > 12 || y < 3 || y > 8) return 255;
    return y % 2 === 1 ? 1 : 2;
  });
  for (const tab of tabs) await expect.poll(() => tab.pixels()).toEqual(drawn);

  // One order for all, the one that is stored; a new tab sees the same.
  const stored = await alice.api<Snapshot>("GET", `/canvases/${canvas.id}/snapshot`);
  const order = stored.messages.map((message) => message.message_text);
  const fresh = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  for (const tab of [...tabs, fresh]) await expect.poll(() => tab.said()).toEqual(order);
  await expect.poll(() => fresh.pixels()).toEqual(drawn);
  expect([...Buffer.from(stored.tiles[0]?.pixels ?? "", "base64")]).toEqual(drawn);
});

test("what is done offline is kept when the tab is closed", async ({ alice, bob, canvas }) => {
  test.slow();
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas, `?tile=${tile.x},${tile.y}`);
  await hers.openTile(tile);
  await hers.takeColor(1);
  await alice.context.setOffline(true);
  await hers.isAway();
  await hers.stroke(tile, { x: 4, y: 4 }, { x: 9, y: 4 });
  await hers.say("From afar");
  await expect(hers.messages).toHaveAttribute("data-state", "pending");
  await expect(hers.connection).toContainText("waiting");
  await hers.page.close();

  await alice.context.setOffline(false);
  const back = await alice.open(canvas, `?tile=${tile.x},${tile.y}`);
  for (const tab of [back, his]) {
    await expect.poll(() => tab.said()).toEqual(["From afar"]);
    await expect.poll(() => tab.pixel({ x: 9, y: 4 })).toBe(1);
  }
  await expect(back.messages).toHaveAttribute("data-state", "sent");
});
