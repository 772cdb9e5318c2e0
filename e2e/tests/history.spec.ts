// A long history: smooth to scroll through, and every message can be found.

import { type CanvasPage, expect, test } from "../fixtures.ts";

/** More than are laid out at once: 300. */
const long = Array.from({ length: 700 }, (_, number) => `Message ${number + 1}.`);

/** Scrolls by whole pages until a text is there. */
async function scrollTo(tab: CanvasPage, text: string, by: number): Promise<void> {
  await tab.page.getByRole("group", { name: "Chat history" }).hover();
  await expect(async () => {
    await tab.page.mouse.wheel(0, by);
    await expect(tab.row(text)).toBeInViewport({ timeout: 100 });
  }).toPass({ intervals: [50] });
}

test("a long history is laid out in parts, over which one scrolls up and down", async ({
  alice,
  bob,
  canvas,
}) => {
  test.slow();
  await alice.says(canvas, long);
  const tab = await bob.open(canvas);
  await scrollTo(tab, "Message 1.", -3_000);
  expect(await tab.messages.count()).toBeLessThanOrEqual(300);
  await expect(tab.page.getByText("This is where it all began")).toBeVisible();
  await expect(tab.row("Message 700.")).toHaveCount(0);
  await scrollTo(tab, "Message 700.", 3_000);
  expect(await tab.messages.count()).toBeLessThanOrEqual(300);
  // Further down there is nothing, and what comes is seen.
  await alice.says(canvas, ["The newest"]);
  await expect(tab.row("The newest")).toBeInViewport();

  // What one reads stays where it is while more is laid out above and below.
  await scrollTo(tab, "Message 350.", -1_500);
  await tab.row("Message 350.").scrollIntoViewIfNeeded();
  const place = async () => (await tab.row("Message 350.").boundingBox())?.y;
  const before = await place();
  await alice.says(canvas, ["Newer still"]);
  await expect(tab.page.getByRole("button", { name: "1 new message" })).toBeVisible();
  expect(await place()).toBe(before);
  await tab.page.getByRole("button", { name: "1 new message" }).click();
  await expect(tab.row("Newer still")).toBeInViewport();
});

test("an address leads to a message that is far up", async ({ alice, bob, canvas }) => {
  test.slow();
  await alice.says(canvas, long);
  interface Messages {
    items: { seq: number; message_id: string }[];
  }
  const page = await alice.api<Messages>("GET", `/canvases/${canvas.id}/messages?before_seq=301`);
  const found = page.items[0];
  const tab = await bob.open(canvas, `?message=${found?.message_id}`);
  await expect(tab.row("Message 300.")).toBeInViewport();
  await expect(tab.row("Message 300.")).toBeFocused();
});
