// The canvas page as a person uses it: found by roles and names, drawn on with the mouse. The one
// place that knows how the page is built.

import { type Locator, type Page, expect } from "@playwright/test";
import type { Canvas } from "./fixtures.ts";

/** A tile's place in the grid, or a pixel's in its tile. */
export interface Place {
  x: number;
  y: number;
}

/** The middle of the view in board pixels, and how close it is. */
export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

/** How long a page may take to be live again after its server was away: its longest pause. */
const backAfter = 45_000;
/** `user_left` follows the last connection by 5 s. */
export const leftAfter = 15_000;

export class CanvasPage {
  readonly board: Locator;
  readonly connection: Locator;
  /** Every chat row, also one that waits. */
  readonly messages: Locator;
  readonly typing: Locator;
  readonly message: Locator;
  readonly people: Locator;
  readonly notices: Locator;
  /** What is said over the board of the connection, where there is more to say. */
  readonly state: Locator;
  /** Whose text the pointer, or else the selection, is over: coordinates and creator. */
  readonly place: Locator;

  constructor(
    readonly page: Page,
    readonly canvas: Canvas,
  ) {
    this.board = page.getByRole("grid", { name: "Board" });
    this.connection = page.getByRole("status", { name: "Connection" });
    this.messages = page.getByRole("list", { name: "Messages" }).locator("[data-message-id]");
    this.typing = page.getByRole("status", { name: "Typing" });
    this.message = page.getByRole("textbox", { name: "Message" });
    this.people = page.getByRole("list", { name: "People" }).getByRole("listitem");
    this.notices = page.getByRole("status", { name: "Notices" });
    this.state = page.getByRole("status", { name: "State of the canvas" });
    this.place = page.locator(".status-bar__place");
  }

  /** Waits until board and panels are there and what others do arrives. */
  async isLive(): Promise<void> {
    await this.hasLiveBoard();
    await expect(this.panel("Chat").locator("> *").first()).toBeAttached();
  }

  /** Waits until the board is there and what others do arrives; the panels may come later. */
  async hasLiveBoard(): Promise<void> {
    await expect(this.connection).toHaveAttribute("data-state", "live", { timeout: backAfter });
    await expect(this.board).toHaveAttribute("data-loaded", "true");
  }

  async isAway(): Promise<void> {
    await expect(this.connection).not.toHaveAttribute("data-state", "live");
  }

  /** Shows a panel. On a phone a second tap on its tab would fold the sheet. */
  async show(tab: "Chat" | "People" | "Activity" | "Tile"): Promise<void> {
    const panel = this.panel(tab);
    if (await panel.isHidden()) {
      await this.page.getByRole("tab", { name: tab, exact: true }).click();
    }
    await expect(panel).toBeVisible();
  }

  panel(tab: "Chat" | "People" | "Activity" | "Tile"): Locator {
    return this.page.getByRole("tabpanel", { name: tab, exact: true, includeHidden: true });
  }

  async say(text: string): Promise<void> {
    await this.message.fill(text);
    await this.message.press("Enter");
  }

  /** The texts of all messages, in their order. */
  async said(): Promise<string[]> {
    const texts = await this.messages.locator(".message__text").allTextContents();
    return texts.map((text) => text.trim());
  }

  /** The message with this text. */
  row(text: string): Locator {
    const words = this.page.locator(".message__text").filter({ hasText: text });
    return this.messages.filter({ has: words });
  }

  /** The names of those who are there. */
  async names(): Promise<string[]> {
    return (await this.people.locator(".row__name-text").allTextContents()).sort();
  }

  person(name: string): Locator {
    return this.people.filter({ hasText: name });
  }

  /** Opens a tile for drawing, with a click. */
  async openTile(tile: Place): Promise<void> {
    const middle = this.canvas.tile_size / 2;
    const { x, y } = await this.toScreen(tile, { x: middle, y: middle });
    await this.page.mouse.click(x, y);
    await expect(this.tools).toBeVisible();
  }

  /** Takes a tool, with a click on its button. */
  async take(tool: string): Promise<void> {
    await this.tools.getByRole("button", { name: tool, exact: true }).click();
  }

  get tools(): Locator {
    return this.page.getByRole("toolbar", { name: "Drawing tools" });
  }

  async takeColor(index: number): Promise<void> {
    await this.tools.locator(`[data-color="${index}"]`).click();
  }

  /** Puts the pen down in the open tile; more of the stroke follows with `drawTo`. */
  async penDown(tile: Place, pixel: Place): Promise<void> {
    const { x, y } = await this.toScreen(tile, pixel);
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
  }

  async drawTo(tile: Place, pixel: Place): Promise<void> {
    const { x, y } = await this.toScreen(tile, pixel);
    await this.page.mouse.move(x, y, { steps: 8 });
  }

  async penUp(): Promise<void> {
    await this.page.mouse.up();
  }

  /** A whole stroke in the open tile. */
  async stroke(tile: Place, from: Place, to: Place): Promise<void> {
    await this.penDown(tile, from);
    await this.drawTo(tile, to);
    await this.penUp();
  }

  /** One pixel of the open tile. */
  async dot(tile: Place, pixel: Place): Promise<void> {
    await this.penDown(tile, pixel);
    await this.penUp();
  }

  /** What is shown of the selected or open tile: row by row, palette indices, 255 for none. */
  async pixels(): Promise<number[]> {
    const picture = this.page.locator(".tile-panel__canvas");
    return picture.evaluate((element, palette) => {
      const canvas = element as HTMLCanvasElement;
      const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      const hex = (byte: number) => byte.toString(16).padStart(2, "0");
      return Array.from({ length: canvas.width * canvas.height }, (_, index) => {
        const [red, green, blue, alpha] = data?.slice(index * 4, index * 4 + 4) ?? [];
        if (!alpha) return 255;
        return palette.indexOf(`#${hex(red)}${hex(green)}${hex(blue)}`);
      });
    }, this.canvas.palette);
  }

  /** Which pixels of the selected or open tile have a colour, as `x,y`, in the order of reading. */
  async painted(color: number): Promise<string[]> {
    const side = this.canvas.tile_size;
    return (await this.pixels()).flatMap((found, at) =>
      found === color ? [`${at % side},${Math.floor(at / side)}`] : [],
    );
  }

  /** The colour of a pixel as the board shows it, as `#rrggbb`. */
  async seenColor(tile: Place, pixel: Place): Promise<string> {
    const { x, y } = await this.toScreen(tile, pixel);
    const box = await this.box();
    return this.board.locator("canvas").first().evaluate(
      (element, [x, y]) => {
        const canvas = element as HTMLCanvasElement;
        const ratio = canvas.width / canvas.clientWidth;
        const context = canvas.getContext("2d");
        const data = context?.getImageData(Math.floor(x * ratio), Math.floor(y * ratio), 1, 1).data;
        const hex = [...(data ?? [])].slice(0, 3).map((byte) => byte.toString(16).padStart(2, "0"));
        return `#${hex.join("")}`;
      },
      [x - box.x, y - box.y] as const,
    );
  }

  /** The palette index of one pixel of the selected or open tile. */
  async pixel({ x, y }: Place): Promise<number> {
    return (await this.pixels())[y * this.canvas.tile_size + x] ?? 255;
  }

  /** Where the view looks: the board pixel in its middle, and CSS pixels for one board pixel. */
  async camera(): Promise<Camera> {
    return this.board.evaluate((board) => ({
      x: Number(board.getAttribute("data-camera-x")),
      y: Number(board.getAttribute("data-camera-y")),
      zoom: Number(board.getAttribute("data-camera-zoom")),
    }));
  }

  /** The board's place on the screen. */
  async box(): Promise<{ x: number; y: number; width: number; height: number }> {
    const box = await this.board.boundingBox();
    if (!box) throw new Error("the board is not to be seen");
    return box;
  }

  /** The middle of a pixel on the screen, once the view has come to rest. */
  async toScreen(tile: Place, pixel: Place): Promise<Place> {
    await this.isAtRest();
    const box = await this.box();
    const camera = await this.camera();
    const size = this.canvas.tile_size;
    return {
      x: box.x + box.width / 2 + (tile.x * size + pixel.x + 0.5 - camera.x) * camera.zoom,
      y: box.y + box.height / 2 + (tile.y * size + pixel.y + 0.5 - camera.y) * camera.zoom,
    };
  }

  /** Waits until the view stands still over three frames. */
  async isAtRest(): Promise<void> {
    await this.board.evaluate(async (board) => {
      const place = () =>
        ["x", "y", "zoom"].map((part) => board.getAttribute(`data-camera-${part}`)).join();
      for (let still = 0, last = place(); still < 3; ) {
        await new Promise(requestAnimationFrame);
        const now = place();
        still = now === last ? still + 1 : 0;
        last = now;
      }
    });
  }
}
