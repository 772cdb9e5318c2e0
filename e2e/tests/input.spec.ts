// Keys, input methods, pointers and the clipboard as they are on other computers than ours.

import type { Locator } from "@playwright/test";
import { type CanvasPage, type Canvas, type Place, type User, expect, test } from "../fixtures.ts";
import { png, vastPng } from "../pictures.ts";

const tile = { x: 4, y: 4 };

async function painted(user: User, canvas: Canvas, at: Place): Promise<number> {
  return (await user.stored(canvas, at)).filter((color) => color !== 255).length;
}

test.describe("keyboards", () => {
  const layouts = [
    ["English", "z", "KeyZ", "y", "KeyY"],
    ["Russian", "я", "KeyZ", "н", "KeyY"],
    ["German", "z", "KeyY", "y", "KeyZ"],
    ["French", "z", "KeyW", "y", "KeyY"],
    ["Dvorak", "z", "Slash", "y", "KeyT"],
  ] as const;
  for (const [layout, z, codeOfZ, y, codeOfY] of layouts) {
    test(`Control with z takes back and with y does it again: ${layout}`, async ({
      alice,
      canvas,
    }) => {
      const tab = await alice.open(canvas);
      await tab.openTile(tile);
      await tab.takeColor(1);
      await tab.stroke(tile, { x: 2, y: 2 }, { x: 6, y: 2 });
      await expect.poll(() => tab.painted(1)).toHaveLength(5);
      await tab.board.dispatchEvent("keydown", { key: z, code: codeOfZ, ctrlKey: true });
      await expect.poll(() => tab.painted(1)).toHaveLength(0);
      await tab.board.dispatchEvent("keydown", { key: y, code: codeOfY, ctrlKey: true });
      await expect.poll(() => tab.painted(1)).toHaveLength(5);
    });
  }

  test("characters that are written with AltGr choose no tool", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    const pencil = tab.tools.getByRole("button", { name: "Pencil" });
    await tab.board.dispatchEvent("keydown", { key: "€", code: "KeyE", ctrlKey: true, altKey: true });
    await tab.board.dispatchEvent("keydown", { key: "€", code: "KeyE", modifierAltGraph: true });
    await tab.board.dispatchEvent("keydown", { key: "x", code: "KeyX" });
    await expect(pencil).toHaveAttribute("aria-pressed", "true");
  });

  test("the list of keys and the tools show the letters of this keyboard", async ({
    alice,
    canvas,
  }) => {
    await alice.context.addInitScript(() => {
      const layout = new Map([
        ["KeyW", "z"],
        ["KeyZ", "w"],
        ["KeyA", "q"],
        ["KeyP", "p"],
        ["KeyM", ","],
        ["KeyF", "<"],
      ]);
      Object.defineProperty(navigator, "keyboard", {
        value: { getLayoutMap: () => Promise.resolve(layout) },
      });
    });
    const tab = await alice.open(canvas);
    await tab.page.keyboard.press("?");
    const dialog = tab.page.getByRole("dialog", { name: "Keyboard shortcuts" });
    const keys = (what: string) =>
      dialog.locator("div", { has: tab.page.getByText(what, { exact: true }) }).last().locator("kbd");
    await expect(keys("Move").last()).toHaveText("D");
    await expect(keys("Move")).toHaveText(["Z", "Q", "S", "D"]);
    await expect(keys("Undo")).toHaveText(["Ctrl+Z"]);
    await expect(keys("Fill")).toHaveText(["<"]);
    await expect(keys("Mirror")).toHaveText([","]);
    await tab.page.keyboard.press("Escape");
    await tab.openTile(tile);
    await expect(tab.tools.getByRole("button", { name: "Mirror" })).toHaveAttribute(
      "title",
      "Mirror (,)",
    );
  });

  test("the space bar that is released elsewhere is released", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    await tab.takeColor(1);
    const { x, y } = await tab.toScreen(tile, { x: 8, y: 8 });
    await tab.page.mouse.move(x, y);
    await tab.page.keyboard.down("Space");
    await tab.message.focus();
    await tab.page.keyboard.up("Space");
    const before = await tab.camera();
    await tab.stroke(tile, { x: 2, y: 2 }, { x: 6, y: 2 });
    await expect.poll(() => tab.painted(1)).toHaveLength(5);
    expect(await tab.camera()).toEqual(before);
  });
});

/** A key that belongs to an input method, as Safari reports it: only its number tells. */
function composing(field: Locator, key: string): Promise<boolean> {
  return field.evaluate((element, key) => {
    const init = { key, keyCode: 229, which: 229, bubbles: true, cancelable: true };
    return element.dispatchEvent(new KeyboardEvent("keydown", init));
  }, key);
}

test("the Enter that ends a conversion sends no message", async ({ alice, canvas }) => {
  const tab = await alice.open(canvas);
  await tab.message.fill("てすと");
  await composing(tab.message, "Enter");
  // What is sent later comes first.
  await alice.says(canvas, ["later"]);
  await expect(tab.messages).toHaveText([/later/]);
  await expect(tab.message).toHaveValue("てすと");
  await tab.message.press("Enter");
  await expect(tab.messages).toHaveText([/later/, /てすと/]);
});

test("an input method's keys neither choose a name nor a tool", async ({ alice, bob, canvas }) => {
  await bob.open(canvas);
  const tab = await alice.open(canvas);
  await tab.message.pressSequentially("@bo");
  const option = tab.page.getByRole("option").first();
  await expect(option).toBeVisible();
  await composing(tab.message, "Enter");
  await composing(tab.message, "Escape");
  await expect(option).toBeVisible();
  await expect(tab.message).toHaveValue("@bo");
  await tab.message.press("Escape");
  await tab.openTile(tile);
  await composing(tab.board, "Escape");
  await expect(tab.tools).toBeVisible();
});

test.describe("the clipboard", () => {
  /** Pastes what an office program copies; whether the page kept it from the browser. */
  const paste = (field: Locator) =>
    field.evaluate((element, bytes) => {
      const data = new DataTransfer();
      data.setData("text/plain", "a\tb");
      data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
      const init = { clipboardData: data, bubbles: true, cancelable: true };
      (element as HTMLElement).focus();
      return !element.dispatchEvent(new ClipboardEvent("paste", init));
    }, [...png(4, 4)]);

  test("text with a picture beside it is pasted into text fields", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    expect(await paste(tab.message)).toBe(false);
    await tab.openTile(tile);
    await tab.show("Chat");
    expect(await paste(tab.message)).toBe(false);
    await tab.page.getByRole("button", { name: "Menu" }).click();
    await tab.page.getByRole("button", { name: "Profile" }).click();
    const dialog = tab.page.getByRole("dialog", { name: "Profile" });
    expect(await paste(dialog.getByRole("textbox", { name: "Your name" }))).toBe(false);
    await tab.page.keyboard.press("Escape");
    await expect(tab.page.getByRole("dialog")).toBeHidden();
    await expect(tab.notices).toHaveText("");
    // Outside of text fields it is a picture.
    expect(await paste(tab.board)).toBe(true);
    await expect(tab.page.getByRole("dialog", { name: "Bring in a picture" })).toBeVisible();
  });

  test("text can be dragged into fields, and a file replaces no page", async ({
    alice,
    canvas,
  }) => {
    const tab = await alice.open(canvas);
    const drag = (field: Locator, file: boolean) =>
      field.evaluate((element, file) => {
        const data = new DataTransfer();
        if (file) data.items.add(new File(["x"], "x.png", { type: "image/png" }));
        else data.setData("text/plain", "dragged");
        return ["dragover", "drop"].map(
          (type) =>
            !element.dispatchEvent(
              new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }),
            ),
        );
      }, file);
    expect(await drag(tab.page.locator(".top-bar"), true)).toEqual([true, true]);
    expect(await drag(tab.message, true)).toEqual([true, true]);
    expect(await drag(tab.message, false)).toEqual([false, false]);
    // An address that is dropped elsewhere would be opened.
    expect(await drag(tab.page.locator(".top-bar"), false)).toEqual([true, true]);
  });

  for (const [sign, name] of [
    ["\u000b", "Word's line break"],
    ["\u000c", "a page break"],
    ["\u0085", "a mainframe's line break"],
    ["\u0007", "a bell"],
  ] as const) {
    test(`a message is sent without ${name}`, async ({ alice, bob, canvas }) => {
      const tab = await alice.open(canvas);
      const his = await bob.open(canvas);
      await tab.message.fill(`a${sign}b`);
      await tab.message.press("Enter");
      await expect(his.messages).toHaveText([/a\s?b/]);
      await expect(tab.message).toHaveValue("");
    });
  }
});

interface PointerState {
  pointerId: number;
  pointerType: "mouse" | "pen" | "touch";
  button: number;
  buttons: number;
  isPrimary?: boolean;
  ctrlKey?: boolean;
}

/** Dispatches a pointer's event on the board, at a place of the screen. */
async function pointer(tab: CanvasPage, type: string, at: Place, state: PointerState) {
  const init = { bubbles: true, cancelable: true, clientX: at.x, clientY: at.y, ...state };
  await tab.board.evaluate(
    (board, { type, init }) => void board.dispatchEvent(new PointerEvent(type, init)),
    { type, init },
  );
}

test.describe("pointers", () => {
  const pen = { pointerId: 77, pointerType: "pen", isPrimary: true } as const;

  for (const lost of ["lostpointercapture", "pointercancel", "pointermove", "nothing"]) {
    test(`a pen that never went up leaves the mouse alone: ${lost}`, async ({ alice, canvas }) => {
      const tab = await alice.open(canvas);
      await tab.openTile(tile);
      await tab.takeColor(1);
      const at = await tab.toScreen(tile, { x: 2, y: 2 });
      await pointer(tab, "pointerdown", at, { ...pen, button: 0, buttons: 1 });
      if (lost !== "nothing") await pointer(tab, lost, at, { ...pen, button: -1, buttons: 0 });
      await expect.poll(() => tab.painted(1)).toHaveLength(1);
      const before = await tab.camera();
      await tab.stroke(tile, { x: 4, y: 6 }, { x: 9, y: 6 });
      await expect.poll(() => painted(alice, canvas, tile)).toBe(7);
      expect(await tab.camera()).toEqual(before);
    });
  }

  for (const event of ["blur", "visibilitychange"] as const) {
    test(`a stroke ends when the page is left: ${event}`, async ({ alice, canvas }) => {
      const tab = await alice.open(canvas);
      await tab.openTile(tile);
      await tab.takeColor(1);
      await tab.penDown(tile, { x: 2, y: 2 });
      await tab.drawTo(tile, { x: 4, y: 2 });
      await tab.page.evaluate((event) => {
        if (event === "blur") return window.dispatchEvent(new Event("blur"));
        Object.defineProperty(document, "visibilityState", { value: "hidden" });
        return document.dispatchEvent(new Event("visibilitychange"));
      }, event);
      await tab.drawTo(tile, { x: 4, y: 10 });
      await tab.penUp();
      await expect.poll(() => painted(alice, canvas, tile)).toBe(3);
      await expect.poll(() => tab.painted(1)).toHaveLength(3);
    });
  }

  test("the eraser end of a pen erases", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    await tab.takeColor(1);
    await tab.stroke(tile, { x: 2, y: 2 }, { x: 6, y: 2 });
    await expect.poll(() => tab.painted(1)).toHaveLength(5);
    const at = await tab.toScreen(tile, { x: 4, y: 2 });
    await pointer(tab, "pointerdown", at, { ...pen, button: 5, buttons: 32 });
    await pointer(tab, "pointerup", at, { ...pen, button: 5, buttons: 0 });
    await expect.poll(() => tab.painted(1)).toEqual(["2,2", "3,2", "5,2", "6,2"]);
  });

  test("on a Mac, a click with Control draws with the second colour", async ({ alice, canvas }) => {
    await alice.context.addInitScript(() => {
      Object.defineProperty(navigator, "platform", { get: () => "MacIntel" });
    });
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    await tab.takeColor(1);
    await tab.tools.locator('[data-color="3"]').click({ button: "right" });
    const at = await tab.toScreen(tile, { x: 4, y: 2 });
    const mouse = { pointerId: 1, pointerType: "mouse", isPrimary: true, ctrlKey: true } as const;
    await pointer(tab, "pointerdown", at, { ...mouse, button: 0, buttons: 1 });
    await pointer(tab, "pointerup", at, { ...mouse, button: 0, buttons: 0 });
    await expect.poll(() => tab.painted(3)).toEqual(["4,2"]);
  });

  test("Safari's pinch on the touchpad zooms at the pointer", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    const { x, y } = await tab.toScreen(tile, { x: 0, y: 0 });
    const before = await tab.camera();
    const prevented = await tab.board.evaluate(
      (board, { x, y }) =>
        [
          ["gesturestart", 1],
          ["gesturechange", 1.5],
          ["gesturechange", 2],
          ["gestureend", 2],
        ].map(([type, scale]) => {
          const event = new Event(type as string, { bubbles: true, cancelable: true });
          Object.assign(event, { scale, clientX: x, clientY: y });
          return !board.dispatchEvent(event);
        }),
      { x, y },
    );
    expect(prevented.slice(0, 3)).toEqual([true, true, true]);
    await expect.poll(async () => (await tab.camera()).zoom / before.zoom).toBeCloseTo(2);
    const after = await tab.toScreen(tile, { x: 0, y: 0 });
    expect(Math.abs(after.x - x) + Math.abs(after.y - y)).toBeLessThan(2 * before.zoom);
  });

  test("panning with the mouse selects no tile", async ({ alice, canvas }) => {
    const tab = await alice.open(canvas);
    await tab.message.click();
    await tab.say("hello");
    const at = await tab.toScreen({ x: 1, y: 1 }, { x: 8, y: 8 });
    const before = await tab.camera();
    await tab.page.mouse.move(at.x, at.y);
    await tab.page.mouse.down();
    await tab.page.mouse.move(at.x + 60, at.y + 40, { steps: 5 });
    await tab.page.mouse.up();
    await expect.poll(async () => (await tab.camera()).x).not.toBe(before.x);
    await expect(tab.board.getByRole("gridcell", { includeHidden: true })).toHaveText("");
  });

  test("others see where the pointer came to rest", async ({ alice, bob, canvas }) => {
    const hers = await alice.open(canvas);
    const sent: { x: number; y: number }[] = [];
    hers.page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const message = JSON.parse(String(payload));
        if (message.presence_type === "cursor") sent.push(message);
      }),
    );
    await hers.page.reload();
    await hers.isLive();
    await bob.open(canvas);
    const from = await hers.toScreen({ x: 1, y: 1 }, { x: 0, y: 0 });
    const to = await hers.toScreen({ x: 5, y: 5 }, { x: 3, y: 3 });
    await hers.page.mouse.move(from.x, from.y);
    // So fast that most of it is not sent.
    await hers.page.mouse.move(to.x, to.y, { steps: 3 });
    const goal = { x: 5 * 16 + 3.5, y: 5 * 16 + 3.5 };
    await expect
      .poll(() => Math.hypot((sent.at(-1)?.x ?? 0) - goal.x, (sent.at(-1)?.y ?? 0) - goal.y))
      .toBeLessThan(1);
  });
});

test.describe("pictures", () => {
  async function bringIn(tab: CanvasPage, name: string, buffer: Buffer): Promise<Locator> {
    const chooser = tab.page.waitForEvent("filechooser");
    await tab.tools.getByRole("button", { name: "Bring in a picture" }).click();
    await (await chooser).setFiles({ name, mimeType: "image/png", buffer });
    return tab.page.getByRole("dialog", { name: "Bring in a picture" });
  }

  test("a vast picture in a small file is refused before it is decoded", async ({
    alice,
    canvas,
  }) => {
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    await tab.page.evaluate(() => {
      const decode = window.createImageBitmap;
      Object.assign(window, { decoded: 0 });
      // biome-ignore lint: counts the calls
      window.createImageBitmap = ((...all: any[]) => {
        (window as unknown as { decoded: number }).decoded += 1;
        return (decode as (...all: unknown[]) => Promise<ImageBitmap>)(...all);
      }) as typeof createImageBitmap;
    });
    const dialog = await bringIn(tab, "vast.png", vastPng(30_000, 30_000));
    await expect(tab.notices).toContainText("too large");
    await expect(dialog).toBeHidden();
    expect(await tab.page.evaluate(() => (window as unknown as { decoded: number }).decoded)).toBe(0);
  });

  test("a large photo leaves the page responsive and is freed", async ({ alice }) => {
    const palette = Array.from({ length: 64 }, (_, at) => {
      const part = (shift: number) => (((at >> shift) & 3) * 85).toString(16).padStart(2, "0");
      return `#${part(0)}${part(2)}${part(4)}`;
    });
    const canvas = await alice.createCanvas({ width: 16, height: 16, tile_size: 64, palette });
    const tab = await alice.open(canvas);
    await tab.openTile({ x: 0, y: 0 });
    await tab.page.evaluate(() => {
      const close = ImageBitmap.prototype.close;
      Object.assign(window, { freed: 0 });
      ImageBitmap.prototype.close = function () {
        (window as unknown as { freed: number }).freed += 1;
        close.call(this);
      };
    });
    const photo = png(2500, 1200, (x, y) => [x & 255, y & 255, (x * y) & 255]);
    const dialog = await bringIn(tab, "photo.png", photo);
    const slider = dialog.getByRole("slider", { name: "Size" });
    await dialog.getByRole("checkbox").check();
    for (const size of ["4", "8", "12", "16"]) await slider.fill(size);
    await expect(dialog).toContainText("16 × 8 tiles");
    await expect(dialog.getByRole("button", { name: "Paint it" })).toBeEnabled();
    await tab.page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect
      .poll(() => tab.page.evaluate(() => (window as unknown as { freed: number }).freed))
      .toBe(1);
  });

  test("a browser that gives no pixels says so", async ({ alice, canvas }) => {
    await alice.context.addInitScript(() => {
      const read = CanvasRenderingContext2D.prototype.getImageData;
      CanvasRenderingContext2D.prototype.getImageData = function (x, y, width, height) {
        const data = read.call(this, x, y, width, height);
        data.data.fill(255);
        return data;
      };
    });
    const tab = await alice.open(canvas);
    await tab.openTile(tile);
    const dialog = await bringIn(tab, "picture.png", png(8, 8));
    await expect(tab.notices).toContainText("fingerprinting");
    await expect(dialog).toBeHidden();
  });
});
