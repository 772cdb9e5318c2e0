// What was typed or changed and could not be taken is still there.

import { CanvasPage, User, expect, test } from "../fixtures.ts";

const tile = { x: 4, y: 4 };

test("what is said before it is known who one is, is said once it is", async ({
  browser,
  newProxy,
}) => {
  let answer: () => void = () => {};
  const known = new Promise<void>((go) => {
    answer = go;
  });
  const proxy = await newProxy();
  const alice = await User.guest(browser, proxy, "Alice");
  const canvas = await alice.createCanvas();
  const page = await alice.context.newPage();
  await page.route(/\/users\/me$/, async (route) => {
    await known;
    await route.continue();
  });
  await page.goto(`/canvas/${canvas.id}`);
  const tab = new CanvasPage(page, canvas);
  await tab.say("first words");
  await expect(tab.message).toHaveValue("first words");
  await expect(tab.messages).toHaveCount(0);
  answer();
  await tab.isLive();
  await expect.poll(() => tab.said()).toEqual(["first words"]);
  await expect(tab.message).toHaveValue("");
  await alice.context.close();
});

test("where too much waits, what is written stays in its field", async ({ alice, canvas }) => {
  test.slow();
  const tab = await alice.open(canvas);
  await tab.openTile(tile);
  await tab.takeColor(1);
  await tab.dot(tile, { x: 1, y: 1 });
  await expect.poll(() => alice.stored(canvas, tile)).toContain(1);
  await alice.context.setOffline(true);
  await expect(tab.connection).toHaveAttribute("data-state", "offline");
  await tab.show("Chat");
  // As many as wait at most: 2,000.
  await tab.message.evaluate(async (element) => {
    const field = element as HTMLTextAreaElement;
    const isFull = () => document.querySelector(".toast") !== null;
    for (let count = 0; count < 2_100 && !isFull(); count += 1) {
      field.value = `m${count}`;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }),
      );
      if (count % 20 === 0) await new Promise((done) => setTimeout(done));
    }
  });
  await expect(tab.notices).toContainText("Too many changes");
  await tab.say("my last words");
  await expect(tab.message).toHaveValue("my last words");

  await tab.show("Tile");
  await tab.page.getByRole("button", { name: "Edit title" }).click();
  const title = tab.page.getByRole("textbox", { name: "Title" });
  await title.fill("My last title");
  await title.press("Enter");
  await expect(title).toHaveValue("My last title");
});
