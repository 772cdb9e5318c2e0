// Talking: everybody hears everything once, in one order.

import { expect, test } from "../fixtures.ts";

test("two people and a second tab talk", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const herSecond = await alice.open(canvas);
  const his = await bob.open(canvas);

  await hers.say("Hello Bob");
  await expect(his.messages).toHaveText([/Hello Bob/]);
  await his.say("Hello Alice");
  await herSecond.say("And from my other tab");

  for (const tab of [hers, herSecond, his]) {
    await expect
      .poll(() => tab.said())
      .toEqual(["Hello Bob", "Hello Alice", "And from my other tab"]);
    for (const message of await tab.messages.all()) {
      await expect(message).toHaveAttribute("data-state", "sent");
    }
  }
});

test("history is there after a reload", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.say("First");
  await tab.say("Second");
  await expect(tab.messages).toHaveCount(2);
  await expect(tab.messages.last()).toHaveAttribute("data-state", "sent");
  await tab.page.reload();
  await tab.isLive();
  await expect.poll(() => tab.said()).toEqual(["First", "Second"]);
});

test("typing is seen by the other, and ends when it is sent", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  await hers.message.pressSequentially("Hel");
  await expect(his.typing).toHaveText("Alice is typing");
  await expect(hers.typing).toHaveText("");
  await hers.message.press("Enter");
  await expect(his.messages).toHaveText([/Hel/]);
  await expect(his.typing).toHaveText("");
});

test("text is shown as text", async ({ alice, bob, canvas }) => {
  const hers = await alice.open(canvas);
  const his = await bob.open(canvas);
  const text = "<b>bold</b> <img src=x onerror=alert(1)> & ünïcödé 🌟";
  await hers.say(text);
  await expect.poll(() => his.said()).toEqual([text]);
});
