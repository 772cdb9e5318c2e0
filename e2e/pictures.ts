// Pictures as files, made without a browser.

import { crc32, deflateSync } from "node:zlib";

/** A PNG in which each pixel has the colour that `at` says. */
export function png(
  width: number,
  height: number,
  at: (x: number, y: number) => [number, number, number] = () => [255, 0, 0],
): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows.set(at(x, y), y * (1 + width * 3) + 1 + x * 3);
  }
  return wrap(width, height, 8, 2, rows);
}

/** A white PNG of one bit for each pixel: many pixels in a small file. */
export function vastPng(width: number, height: number): Buffer {
  const row = Buffer.alloc(1 + Math.ceil(width / 8), 0xff);
  row[0] = 0;
  return wrap(width, height, 1, 0, Buffer.concat(Array.from({ length: height }, () => row)));
}

function wrap(width: number, height: number, depth: number, kind: number, rows: Buffer): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body) >>> 0);
    return Buffer.concat([size, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = depth;
  head[9] = kind;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
