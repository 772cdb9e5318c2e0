// What is written and not sent survives a reload.

import { expect, test } from "../fixtures.ts";

test("a draft is there after a reload, for whom it belongs to", async ({
  alice,
  canvas,
}) => {
  const tab = await alice.open(canvas);
  await tab.show("Chat");
  await tab.message.fill("Dear all,\nI");
  await tab.page.reload();
  await tab.isLive();
  await tab.show("Chat");
  await expect(tab.message).toHaveValue("Dear all,\nI");

  // Another tab begins with it, too, and does not take it away.
  const second = await alice.open(canvas);
  await second.show("Chat");
  await expect(second.message).toHaveValue("Dear all,\nI");
  await second.message.fill("Something else");
  await second.page.reload();
  await second.isLive();
  await tab.page.reload();
  await tab.isLive();
  await expect(second.message).toHaveValue("Something else");
  await expect(tab.message).toHaveValue("Dear all,\nI");

  await tab.show("Chat");
  await tab.message.press("Enter");
  await expect(tab.message).toHaveValue("");
  await tab.page.reload();
  await tab.isLive();
  await expect(tab.messages).toHaveCount(1);
  await expect(tab.message).toHaveValue("");
});

test("an answer and an edit that were begun go on after a reload", async ({
  alice,
  bob,
  canvas,
}) => {
  await bob.says(canvas, ["A question"]);
  const tab = await alice.open(canvas);
  await tab.row("A question").focus();
  await tab.page.keyboard.press("r");
  await tab.message.pressSequentially("An answ");
  await tab.page.reload();
  await tab.isLive();
  const purpose = tab.page.locator("#chat-purpose");
  await expect(purpose).toContainText("A question");
  await expect(tab.message).toHaveValue("An answ");
  await tab.say("An answer");
  await expect(tab.messages.last()).toHaveAttribute("data-state", "sent");
  await expect(tab.messages.last()).toContainText("A question");

  await tab.message.press("ArrowUp");
  await tab.message.fill("A better answer");
  await tab.page.reload();
  await tab.isLive();
  await expect(purpose).toContainText("Edit your message");
  await tab.message.press("Enter");
  await expect.poll(() => tab.said()).toEqual(["A question", "A better answer"]);
});
