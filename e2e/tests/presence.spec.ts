// Who is there: every connection counts, people are shown once.

import { expect, leftAfter, test } from "../fixtures.ts";

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
