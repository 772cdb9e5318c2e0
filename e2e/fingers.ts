// Fingers and pens on a touch screen, several at once, as the browser's own protocol sends them.
// For the board alone: buttons are clicked, since a tap on a busy machine lasts long enough to be
// taken for a long press.

import type { CDPSession, Page } from "@playwright/test";
import type { Place } from "./canvas-page.ts";

/** Steps of one movement: enough for what counts them, such as a slip before a second finger. */
const steps = 8;

export class Fingers {
  private readonly points = new Map<number, Place>();

  private constructor(private readonly session: CDPSession) {}

  static async on(page: Page): Promise<Fingers> {
    return new Fingers(await page.context().newCDPSession(page));
  }

  /** Puts a finger down. Fingers are numbered from 0. */
  async down(finger: number, at: Place): Promise<void> {
    this.points.set(finger, at);
    await this.send("touchStart");
  }

  /** Moves fingers together to new places, in small steps. */
  async move(goals: Record<number, Place>): Promise<void> {
    const starts = new Map(this.points);
    for (let step = 1; step <= steps; step += 1) {
      for (const [name, goal] of Object.entries(goals)) {
        const start = starts.get(Number(name)) ?? goal;
        const part = step / steps;
        this.points.set(Number(name), {
          x: start.x + (goal.x - start.x) * part,
          y: start.y + (goal.y - start.y) * part,
        });
      }
      await this.send("touchMove");
    }
  }

  /** Lifts all fingers. */
  async up(): Promise<void> {
    this.points.clear();
    await this.send("touchEnd");
  }

  /** A tap with one finger. */
  async tap(at: Place): Promise<void> {
    await this.down(0, at);
    await this.up();
  }

  /** A stroke with a pen, which has no hover here. */
  async penStroke(from: Place, to: Place): Promise<void> {
    const pen = (type: "mousePressed" | "mouseMoved" | "mouseReleased", { x, y }: Place) =>
      this.session.send("Input.dispatchMouseEvent", {
        type,
        x,
        y,
        button: "left",
        buttons: type === "mouseReleased" ? 0 : 1,
        clickCount: 1,
        pointerType: "pen",
      });
    await pen("mousePressed", from);
    await pen("mouseMoved", to);
    await pen("mouseReleased", to);
  }

  private async send(type: "touchStart" | "touchMove" | "touchEnd"): Promise<void> {
    const touchPoints = [...this.points].map(([id, { x, y }]) => ({ id, x, y }));
    await this.session.send("Input.dispatchTouchEvent", { type, touchPoints });
  }
}
