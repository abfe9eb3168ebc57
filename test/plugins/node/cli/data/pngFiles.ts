import {crc32, deflateSync} from 'node:zlib';
import {PNG} from 'pngjs';

/** A chunk of a png: its length, name, content and checksum. */
export function chunk(name: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A png of which every pixel is a function of its place. */
export function png(
  width: number,
  height: number,
  pixel: (y: number, x: number) => readonly number[],
  packing: {readonly colorType?: 0 | 2 | 4 | 6; readonly bitDepth?: 8 | 16} = {},
): Buffer {
  const image = new PNG({width, height});
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) image.data.set(pixel(y, x), 4 * (y * width + x));
  }
  return PNG.sync.write(image, packing);
}

/** A png by hand, for what pngjs does not write. */
export function rawPng(
  size: readonly [width: number, height: number],
  [depth, kind, interlace]: readonly [number, number, number],
  rows: Uint8Array,
  ...extra: readonly Buffer[]
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size[0], 0);
  header.writeUInt32BE(size[1], 4);
  header.set([depth, kind, 0, 0, interlace], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...extra,
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
