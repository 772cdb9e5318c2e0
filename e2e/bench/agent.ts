// Somebody at work without a page, and the rows of `cargo xtask bench browser`.

import type { Page } from "@playwright/test";
import type { Canvas, User } from "../fixtures.ts";

/** A page of the user's that only talks to the socket. */
export async function agent(user: User, url: string): Promise<Page> {
  const page = await user.context.newPage();
  await page.goto(`${url}/healthz`);
  return page;
}

export function socketOf(user: User, canvas: Canvas, url: string): string {
  const path = `/api/v1/ws/canvas/${canvas.id}?client_type=agent&token=${user.token}`;
  return `${url.replace("http", "ws")}${path}`;
}

/** Figure, unit, target (at most), measured. */
export type Row = [string, string, number, number | undefined];

/** Prints a line in braces for each row, which `cargo xtask bench` reads. */
export function report(rows: Row[]): void {
  for (const [figure, unit, target, value] of rows) {
    const measured = value ?? Number.NaN;
    console.log(JSON.stringify({ figure, unit, target, measured, met: measured <= target }));
  }
}
