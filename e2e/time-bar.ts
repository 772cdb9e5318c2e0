// The time bar as a person uses it.

import { type Locator, expect } from "@playwright/test";
import type { CanvasPage } from "./canvas-page.ts";

export class TimeBar {
  readonly bar: Locator;
  readonly track: Locator;
  readonly handle: Locator;
  readonly speed: Locator;
  /** What is said over the board while it shows the past. */
  readonly note: Locator;

  constructor(readonly tab: CanvasPage) {
    const { page } = tab;
    this.bar = page.getByRole("region", { name: "History of the canvas" });
    this.track = page.getByTestId("time-track");
    this.handle = this.bar.getByRole("slider", { name: "Moment" });
    this.speed = this.bar.getByRole("combobox", { name: "Speed" });
    this.note = page.getByRole("region", { name: "The past" });
  }

  async open(): Promise<void> {
    await this.tab.page.getByRole("button", { name: "History", exact: true }).click();
    await expect(this.bar).toBeVisible();
  }

  /** Waits until it is known how much was changed when, and what dragging needs first is there. */
  async isReady(): Promise<void> {
    await expect(this.track.locator("path")).toHaveAttribute("d", /^M/);
    await expect(this.bar).toHaveAttribute("data-ready", "true");
  }

  /** The event after which the board is shown; 0 for now, too. */
  async seq(): Promise<number> {
    return Number(await this.handle.getAttribute("data-seq"));
  }

  private async at(place: number): Promise<{ x: number; y: number }> {
    const box = await this.track.boundingBox();
    if (!box) throw new Error("the bar is not to be seen");
    return { x: box.x + box.width * place, y: box.y + box.height / 2 };
  }

  /** Presses the mouse at a place from 0 to 1. */
  async grab(place: number): Promise<void> {
    const { x, y } = await this.at(place);
    await this.tab.page.mouse.move(x, y);
    await this.tab.page.mouse.down();
  }

  async pull(place: number): Promise<void> {
    const { x, y } = await this.at(place);
    await this.tab.page.mouse.move(x, y, { steps: 5 });
  }

  async letGo(): Promise<void> {
    await this.tab.page.mouse.up();
  }

  async drag(from: number, to: number): Promise<void> {
    await this.grab(from);
    await this.pull(to);
    await this.letGo();
  }

  /** Taps a place. */
  async touch(place: number): Promise<void> {
    const { x, y } = await this.at(place);
    await this.tab.page.touchscreen.tap(x, y);
  }
}
