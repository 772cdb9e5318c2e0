// Appeals: somebody else than who decided it decides again, and a banned person can ask for it.

import { type CanvasPage, expect, freshName, test } from "../fixtures.ts";

async function appeals(tab: CanvasPage) {
  await tab.page.getByRole("button", { name: /^Moderation/ }).click();
  const panel = tab.page.getByRole("region", { name: "Moderation" });
  await panel.getByRole("tab", { name: "Appeals" }).click();
  return panel;
}

test("an appeal against a ban is decided by another moderator", async ({
  alice,
  newAccount,
  canvas,
}) => {
  const [bobs, mos] = [freshName("bob"), freshName("mo")];
  const bob = await newAccount(bobs);
  const mo = await newAccount(mos);
  await alice.api("PUT", `/canvases/${canvas.id}/members/${mos}`, { role: "moderator" });
  const his = await bob.open(canvas);
  await mo.api("POST", `/canvases/${canvas.id}/sanctions`, {
    username: bobs,
    kind: "ban",
    reason: "I do not like him",
    duration_s: 86_400,
  });
  const told = his.page.getByRole("region", { name: "You are banned from this canvas" });
  await expect(told).toContainText("I do not like him");
  await told.getByRole("button", { name: "Appeal" }).click();
  const mine = his.page.getByRole("dialog", { name: "Sanctions against you" });
  await mine.getByRole("textbox").fill("I only drew a cat");
  await mine.getByRole("button", { name: "Send appeal" }).click();
  await expect(mine).toContainText("Your appeal waits for an answer.");
  await expect(mine).toContainText("I only drew a cat");
  await his.page.keyboard.press("Escape");

  // Who issued it does not decide.
  const mosTab = await mo.open(canvas);
  const mosPanel = await appeals(mosTab);
  await expect(mosPanel).toContainText("You issued this sanction. Somebody else decides.");
  await expect(mosPanel.getByRole("button", { name: "Keep" })).toBeHidden();
  await mosPanel.getByRole("textbox", { name: "Answer" }).fill("It was a rude cat");
  await mosPanel.getByRole("button", { name: "Ask or reply" }).click();
  await expect(mosPanel.getByRole("listitem")).toContainText(["It was a rude cat"]);

  const hers = await alice.open(canvas);
  const panel = await appeals(hers);
  await expect(panel).toContainText("I only drew a cat");
  await expect(panel).toContainText("I do not like him");
  await panel.getByRole("textbox", { name: "Answer" }).fill("A cat is fine");
  await panel.getByRole("button", { name: "Lift", exact: true }).click();
  await expect(panel).toContainText("No appeals wait.");

  // Outside the canvas, without a moderator's name.
  await his.page.goto("/");
  await his.page.getByRole("button", { name: "Profile" }).click();
  await his.page.getByRole("button", { name: "Sanctions against you" }).click();
  await expect(mine).toContainText("Lifted");
  await expect(mine).toContainText("A cat is fine");
  await expect(mine).toContainText("Moderator");
  await expect(mine).not.toContainText("Alice");
  const back = await bob.open(canvas);
  await back.show("Chat");
  await back.say("Thank you");
  await expect(back.messages).toHaveAttribute("data-state", "sent");
});
