// What an open canvas keeps after an hour of traffic, the hour pressed into as little time as the
// server takes: ten people who draw once a second and talk three times a minute.

import type { CDPSession, Page } from "@playwright/test";
import { type Canvas, expect, test } from "../fixtures.ts";
import { agent, report, socketOf } from "./agent.ts";

const strokes = 36_000;
const messages = 1_800;
/** Parts of the hour, after each of which the memory is read. */
const parts = 4;

test("a canvas that is open for an hour", async ({ alice, newUser, server }) => {
  test.setTimeout(900_000);
  const settings = { name: "Hour", width: 32, height: 32, tile_size: 32 };
  const canvas = await alice.createCanvas(settings);
  const guest = await newUser("Guest", { viewport: { width: 1440, height: 900 } });
  // The client's memory is asked for where the browser hands it over.
  await guest.context.addInitScript(() => {
    const start = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (source, imports) => {
      const started = await start(source, imports);
      Object.assign(window, { memory: started.instance.exports.memory });
      return started;
    };
  });
  const tab = await guest.open(canvas);
  await tab.show("Chat");
  const session = await tab.page.context().newCDPSession(tab.page);
  const memory: number[] = [await inUse(tab.page, session)];
  const painter = await agent(alice, server.url);
  for (let part = 1; part <= parts; part += 1) {
    await work(painter, socketOf(alice, canvas, server.url), canvas, part);
    // One order for everybody: what was painted before is there now.
    await expect(tab.page.getByText(`part ${part} is over`)).toBeVisible({ timeout: 120_000 });
    memory.push(await inUse(tab.page, session));
  }
  console.log(`\nMB in use at the start and after each part: ${memory.map((mb) => mb.toFixed(1))}\n`);
  report([["memory of a tab after an hour's traffic", "MB", 64, memory.at(-1)]]);
});

/** MB that the page holds: the scripts' heap without rubbish, and the client's own memory. */
async function inUse(page: Page, session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const client = await page.evaluate(
    () => (window as unknown as { memory: WebAssembly.Memory }).memory.buffer.byteLength,
  );
  return (usedSize + client) / 2 ** 20;
}

/** One part of the hour: each stroke and message is sent when few before it wait for an answer. */
async function work(painter: Page, address: string, canvas: Canvas, part: number): Promise<void> {
  await painter.evaluate(
    async ({ address, part, strokes, every, side, pixels }) => {
      const socket = new WebSocket(address);
      let waiting = 0;
      let go = () => {};
      socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
        const { type } = JSON.parse(data);
        if (type === "error") throw new Error(data);
        if (type === "ack") waiting -= 1;
        go();
      });
      await new Promise<void>((opened) => (go = opened));
      const send = async (message: object) => {
        while (waiting >= 32) await new Promise<void>((heard) => (go = heard));
        waiting += 1;
        socket.send(JSON.stringify(message));
      };
      for (let index = 0; index < strokes; index += 1) {
        const start = (index * 61) % (pixels - 16);
        const dots = Array.from({ length: 16 }, (_, step) => [start + step, (index + part) % 8]);
        const [x, y] = [(index * 13) % side, (index * 29) % side];
        await send({ type: "tile_paint", x, y, pixels: dots });
        if (index % every === 0) await send({ type: "canvas_chat", text: `stroke ${index}` });
      }
      await send({ type: "canvas_chat", text: `part ${part} is over` });
      while (waiting > 0) await new Promise<void>((heard) => (go = heard));
      socket.close();
    },
    {
      address,
      part,
      strokes: strokes / parts,
      every: strokes / messages,
      side: canvas.width,
      pixels: canvas.tile_size ** 2,
    },
  );
}
