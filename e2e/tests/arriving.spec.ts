// The ways in: from the start page or a link to a painted pixel, as a guest or with an account.

import { CanvasPage, expect, freshName, password, test } from "../fixtures.ts";

const tile = { x: 1, y: 1 };

test.describe("arriving", { tag: "@phone" }, () => {
  test("a guest follows a card, draws, and it is stored", async ({ page, alice }) => {
    const canvas = await alice.createCanvas({ name: freshName("Guests") });
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Stellar Canvas", level: 1 })).toBeVisible();
    await page.getByRole("link", { name: canvas.name }).click();

    // A public canvas is seen before one says who one is.
    const tab = new CanvasPage(page, canvas);
    await expect(tab.board).toHaveAttribute("data-loaded", "true");
    const card = page.getByRole("region", { name: "Join in" });
    await card.getByRole("textbox", { name: "Your name" }).fill("Wanda");
    await card.getByRole("button", { name: "Draw as a guest" }).click();
    await expect(card).toBeHidden();
    await tab.isLive();

    await tab.openTile(tile);
    await tab.takeColor(2);
    await tab.stroke(tile, { x: 3, y: 4 }, { x: 9, y: 4 });
    const drawn = ["3,4", "4,4", "5,4", "6,4", "7,4", "8,4", "9,4"];
    await expect.poll(() => tab.painted(2)).toEqual(drawn);
    await expect
      .poll(async () => (await alice.stored(canvas, tile)).filter((color) => color === 2).length)
      .toBe(drawn.length);

    await page.reload();
    await tab.isLive();
    await tab.openTile(tile);
    await expect.poll(() => tab.painted(2)).toEqual(drawn);
    await tab.show("People");
    await expect.poll(() => tab.names()).toEqual(["Wanda"]);
  });

  test("one field and one click lead from the start page into a canvas", async ({
    page,
    canvas,
  }) => {
    await page.goto("/");
    await expect(page.getByRole("link", { name: canvas.name }).first()).toBeVisible();
    await page.getByRole("textbox", { name: "Your name" }).fill("Gus");
    await page.getByRole("button", { name: "Draw as a guest" }).click();
    await expect(page).toHaveURL(/\/canvas\/\d+/);
    await expect(page.getByRole("status", { name: "Connection" })).toHaveText("Live");
  });

  test("somebody registers, signs out, and signs in with the right password only", async ({
    page,
  }) => {
    const username = freshName("ann");
    await page.goto("/");
    await page.getByRole("button", { name: "Register" }).click();
    const name = page.getByRole("textbox", { name: "User name" });
    const secret = page.getByLabel("Password");
    await expect(name).toBeFocused();

    await name.fill("no way!");
    await secret.fill("short");
    await page.getByRole("button", { name: "Register" }).click();
    await expect(page.getByText("Letters, digits, _ and - only, please.")).toBeVisible();
    await expect(page.getByText("At least 8 characters, please.")).toBeVisible();
    await expect(name).toHaveAttribute("aria-invalid", "true");

    await name.fill(username);
    await secret.fill(password);
    await secret.press("Enter");
    await expect(page.getByRole("heading", { name: username })).toBeVisible();
    await page.reload();
    await expect(page.getByText(`@${username}`)).toBeVisible();

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).click();
    await name.fill(username);
    await secret.fill("wrong password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("User name and password do not match.")).toBeVisible();
    await secret.fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: username })).toBeVisible();
  });

  test("a name that somebody has cannot be taken", async ({ page, newAccount }) => {
    const { account } = await newAccount(freshName("taken"));
    await page.goto("/");
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByRole("textbox", { name: "User name" }).fill(account.username.toUpperCase());
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Register" }).click();
    await expect(page.getByText("Somebody else has this name already.")).toBeVisible();
  });

  test("a new canvas is made as the form says", async ({ alice }) => {
    const page = await alice.context.newPage();
    await page.goto("/");
    await page.getByRole("button", { name: "New canvas" }).click();
    const form = page.getByRole("dialog", { name: "New canvas" });
    const columns = form.getByRole("textbox", { name: "Columns" });

    await columns.fill("0");
    await form.getByRole("button", { name: "Create canvas" }).click();
    await expect(form.getByText("A number from 1 to 256")).toBeVisible();
    await columns.fill("6");
    await form.getByRole("textbox", { name: "Rows" }).fill("4");
    await expect(form.getByText("24 tiles")).toBeVisible();
    await form.getByRole("button", { name: "Create canvas" }).click();
    await expect(form.getByText("Something has to be written here.")).toBeVisible();

    const name = freshName("Made by hand");
    await form.getByRole("textbox", { name: "Name" }).fill(name);
    await form.getByRole("radio", { name: "16 × 16" }).check();
    await form.getByRole("radio", { name: "Who has the link" }).check();
    await form.getByRole("radio", { name: "Each their own" }).check();
    await form.getByRole("button", { name: "Create canvas" }).click();

    await expect(page).toHaveURL(/\/canvas\/\d+/);
    await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
    await expect(page.getByRole("status", { name: "Connection" })).toHaveText("Live");
    const id = /canvas\/(\d+)/.exec(page.url())?.[1];
    expect(await alice.api("GET", `/canvases/${id}`)).toMatchObject({
      name,
      width: 6,
      height: 4,
      tile_size: 16,
      visibility: "unlisted",
      edit_policy: "own",
      role: "owner",
    });
  });

  test("who is not signed in is asked for a name before a canvas is made", async ({ page }) => {
    await page.goto("/");
    await expect(page.getByRole("button", { name: "Draw as a guest" })).toBeVisible();
    await page.getByRole("button", { name: "New canvas" }).click();
    await expect(page.getByRole("textbox", { name: "Your name" })).toBeFocused();
    await expect(page.getByRole("dialog")).toHaveCount(0);
  });

  test("the browser's back and forward lead from page to page", async ({ page, canvas }) => {
    const startPage = page.getByRole("heading", { name: "Stellar Canvas", level: 1 });
    const canvasPage = page.getByRole("heading", { name: canvas.name, level: 1 });
    await page.goto(`/canvas/${canvas.id}`);
    await expect(canvasPage).toBeVisible();
    // The board writes its view to the address.
    await expect(page).toHaveURL(/#/);
    await page.getByRole("link", { name: "All canvases" }).first().click();
    await expect(startPage).toBeVisible();
    await expect(page).toHaveURL("/");
    await page.goBack();
    await expect(canvasPage).toBeVisible();
    await expect(page).toHaveURL(/\/canvas\/\d+/);
    await page.goForward();
    await expect(startPage).toBeVisible();
    await page.goBack();
    await expect(canvasPage).toBeVisible();
    await page.getByRole("link", { name: "All canvases" }).first().click();
    await expect(startPage).toBeVisible();
    await expect(page).toHaveURL("/");
    await page.goBack();
    await expect(canvasPage).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(canvas.name));
  });

  test("an address that leads nowhere says so and offers a way out", async ({ page }) => {
    for (const address of ["/nowhere", "/canvas", "/canvas/x", "/canvas/7/x"]) {
      await page.goto(address);
      await expect(page.getByRole("heading", { name: "Nothing here but stars" })).toBeVisible();
    }
    await page.goto("/canvas/987654321");
    await expect(page.getByRole("heading", { name: "There is no such canvas" })).toBeVisible();
    await page.getByRole("link", { name: "All canvases" }).last().click();
    await expect(page).toHaveURL("/");
    await expect(page.getByRole("button", { name: "Draw as a guest" })).toBeVisible();
  });

  test("a private canvas shows itself to its members alone", async ({
    page,
    alice,
    newAccount,
  }) => {
    const canvas = await alice.createCanvas({ visibility: "private" });
    const carol = await newAccount(freshName("carol"));
    const locked = "This canvas is private";

    const hers = await carol.context.newPage();
    await hers.goto(`/canvas/${canvas.id}`);
    await expect(hers.getByRole("heading", { name: locked })).toBeVisible();
    await expect(hers.getByRole("grid", { name: "Board" })).toBeHidden();

    await page.goto(`/canvas/${canvas.id}`);
    await expect(page.getByRole("heading", { name: locked })).toBeVisible();

    const { username } = carol.account;
    await alice.api("PUT", `/canvases/${canvas.id}/members/${username}`, { role: "editor" });
    await hers.reload();
    await new CanvasPage(hers, canvas).isLive();

    // Whoever is not signed in can do so right there.
    await page.getByRole("textbox", { name: "User name" }).fill(username);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await new CanvasPage(page, canvas).isLive();
  });
});
