// Who is there: every connection counts, people are shown once.

import { type CanvasPage, type Place, expect, leftAfter, test } from "../fixtures.ts";

test("two people see each other come and go", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  await hers.show("People");
  await expect.poll(() => hers.names()).toEqual(["Alice"]);

  const his = await bob.open(canvas);
  await his.show("People");
  await expect.poll(() => hers.names()).toEqual(["Alice", "Bob"]);
  await expect.poll(() => his.names()).toEqual(["Alice", "Bob"]);

  await his.page.close();
  await expect.poll(() => hers.names(), { timeout: leftAfter }).toEqual(["Alice"]);
});

test("two tabs of one person are one person", async ({ alice, bob, canvas }) => {
  const his = await bob.open(canvas);
  await his.show("People");
  const first = await alice.open(canvas);
  await first.show("People");
  const second = await alice.open(canvas);
  await second.show("People");
  for (const tab of [his, first, second]) {
    await expect.poll(() => tab.names()).toEqual(["Alice", "Bob"]);
  }
});

test("who closes one of two tabs does not leave", async ({ alice, bob, newUser, canvas }) => {
  const carol = await newUser("Carol");
  const his = await bob.open(canvas);
  await his.show("People");
  const hers = await carol.open(canvas);
  const first = await alice.open(canvas);
  const second = await alice.open(canvas);
  await expect.poll(() => his.names()).toEqual(["Alice", "Bob", "Carol"]);

  // Carol's only tab goes after one of Alice's: when she has left, Alice would have, too.
  await first.page.close();
  await hers.page.close();
  await expect.poll(() => his.names(), { timeout: leftAfter }).toEqual(["Alice", "Bob"]);
  await second.say("Still here");
  await his.show("Chat");
  await expect(his.messages).toHaveText([/Still here/]);
});

test("a reload does not flicker", async ({ alice, bob, canvas }) => {
  const his = await bob.open(canvas);
  await his.show("People");
  const hers = await alice.open(canvas);
  await expect.poll(() => his.names()).toEqual(["Alice", "Bob"]);
  const row = await his.person("Alice").elementHandle();
  await hers.page.reload();
  await hers.isLive();
  await hers.say("Back");
  await his.show("Chat");
  await expect(his.messages).toHaveText([/Back/]);
  // Had she left in between, her row would be another element.
  expect(await row?.evaluate((element) => element.isConnected)).toBe(true);
});

/** How many pixels of a colour lie over a part of the board, given in CSS pixels. */
async function drawnOver(tab: CanvasPage, color: string, area: Area): Promise<number> {
  return tab.board.locator("canvas").last().evaluate(
    (element, { color, area }) => {
      const canvas = element as HTMLCanvasElement;
      const { x, y, width, height } = area;
      const data = canvas.getContext("2d")?.getImageData(x, y, width, height).data ?? [];
      const wanted = (/\d+, \d+, \d+/.exec(color)?.[0] ?? "").split(", ").map(Number);
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] === 255 && wanted.every((part, index) => data[at + index] === part)) {
          found += 1;
        }
      }
      return found;
    },
    { color, area },
  );
}

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A part of the board around a pixel of a tile, measured from the board's corner. */
async function around(tab: CanvasPage, tile: Place, pixel: Place, reach: number): Promise<Area> {
  const at = await tab.toScreen(tile, pixel);
  const box = await tab.box();
  return {
    x: Math.round(at.x - box.x - reach),
    y: Math.round(at.y - box.y - reach),
    width: 2 * reach,
    height: 2 * reach,
  };
}

test("others are seen on the board: a frame where they draw, and their pointer", async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const face = hers.page.getByRole("group", { name: "People here now" }).getByRole("button");
  await expect(face).toHaveAccessibleName("Follow Bob");
  const color = await face
    .locator(".avatar")
    .evaluate((avatar) => getComputedStyle(avatar).backgroundColor);

  const tile = { x: 6, y: 5 };
  const frame = await around(hers, tile, { x: 8, y: 8 }, 60);
  expect(await drawnOver(hers, color, frame)).toBe(0);
  await his.openTile(tile);
  await expect(face).toHaveAccessibleName("Follow Bob (Draws in tile 6, 5)");
  await expect.poll(() => drawnOver(hers, color, frame)).toBeGreaterThan(100);
  await his.page.keyboard.press("Escape");
  await his.page.keyboard.press("0");
  await expect(face).toHaveAccessibleName("Follow Bob");

  const spot = await around(hers, { x: 1, y: 1 }, { x: 4, y: 4 }, 20);
  expect(await drawnOver(hers, color, spot)).toBe(0);
  const { x, y } = await his.toScreen({ x: 1, y: 1 }, { x: 4, y: 4 });
  await his.page.mouse.move(x, y);
  await expect.poll(() => drawnOver(hers, color, spot)).toBeGreaterThan(20);
  await his.page.close();
  await expect
    .poll(() => drawnOver(hers, color, spot), { timeout: leftAfter })
    .toBe(0);
});

test("who is followed leads the view", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await his.openTile({ x: 1, y: 1 });
  await hers.page.getByRole("button", { name: "Follow Bob (Draws in tile 1, 1)" }).click();
  const looksAt = (x: number, y: number) =>
    expect
      .poll(async () => {
        const camera = await hers.camera();
        return [camera.x / canvas.tile_size, camera.y / canvas.tile_size];
      })
      .toEqual([x + 0.5, y + 0.5]);
  await looksAt(1, 1);
  await his.page.keyboard.press("Escape");
  await his.page.keyboard.press("0");
  await his.openTile({ x: 6, y: 5 });
  await looksAt(6, 5);
  const face = hers.page.getByRole("group", { name: "People here now" }).getByRole("button");
  await expect(face).toHaveAttribute("aria-pressed", "true");
  await expect(face).toHaveAccessibleName(/^Stop following Bob/);
  await face.click();
  await his.page.keyboard.press("Escape");
  await his.page.keyboard.press("0");
  await his.openTile({ x: 2, y: 6 });
  await expect(face).toHaveAccessibleName("Follow Bob (Draws in tile 2, 6)");
  await looksAt(6, 5);
});

test("dragging the board ends following", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await his.openTile({ x: 1, y: 1 });
  const face = hers.page.getByRole("group", { name: "People here now" }).getByRole("button");
  await face.click();
  await expect(face).toHaveAttribute("aria-pressed", "true");
  const { x, y } = await hers.toScreen({ x: 1, y: 1 }, { x: 8, y: 8 });
  await hers.page.mouse.move(x, y);
  await hers.page.mouse.down();
  await hers.page.mouse.move(x + 50, y + 20, { steps: 3 });
  await hers.page.mouse.up();
  await expect(face).toHaveAttribute("aria-pressed", "false");
});

test("a status is seen by others", { tag: "@phone" }, async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.show("People");
  await expect(hers.person("Bob")).toContainText("Looks around");
  const profile = his.page.getByRole("dialog", { name: "Profile" });
  const set = async (status: string, message: string) => {
    await his.page.getByRole("button", { name: "Menu" }).click();
    await his.page.getByRole("button", { name: "Profile" }).click();
    await profile.getByRole("radio", { name: status }).check();
    await profile.getByRole("textbox", { name: "What are you up to?" }).fill(message);
    await profile.getByRole("button", { name: "Save" }).click();
    await expect(profile).toBeHidden();
  };
  await set("Away", "");
  await expect(hers.person("Bob")).toContainText("Away");
  await set("Busy", "Painting the moon");
  await expect(hers.person("Bob")).toContainText("Painting the moon");
  await set("Online", "");
  await expect(hers.person("Bob")).toContainText("Looks around");
});

test("a click on a person flies to where they draw", { tag: "@phone" }, async ({
  alice,
  bob,
  canvas,
}) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await his.openTile({ x: 5, y: 2 });
  await hers.show("People");
  await hers.person("Bob").getByRole("button", { name: /Draws in tile 5, 2/ }).click();
  await expect
    .poll(async () => (await hers.camera()).x / canvas.tile_size)
    .toBe(5.5);
});

test("what happens is told in the activity, and leads there", async ({ alice, bob, canvas }) => {
  await alice.api("POST", `/canvases/${canvas.id}/tiles`, { x: 1, y: 6 });
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.show("Activity");
  const rows = hers.page.getByRole("list", { name: "Activity" }).getByRole("listitem");
  await expect(rows).toHaveText([/Alice\s*Started tile 1, 6/]);
  await his.openTile({ x: 6, y: 1 });
  await his.stroke({ x: 6, y: 1 }, { x: 2, y: 2 }, { x: 9, y: 2 });
  await expect(rows.first()).toHaveText(/Bob\s*(Started|Drew in) tile 6, 1/);
  await rows.filter({ hasText: "tile 1, 6" }).getByRole("button").click();
  await expect
    .poll(async () => (await hers.camera()).x / canvas.tile_size)
    .toBe(1.5);
});
