import {constants, inflateSync} from 'node:zlib';
import jpeg from 'jpeg-js';
import {PNG} from 'pngjs';

/** An image in memory: four bytes for each pixel, rows from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

const MEGAPIXELS = 100;
const JPEG_MEGABYTES = 2048; // what 100 megapixels without subsampling take in the decoder
const DEFLATE_RATIO = 1032; // no deflated byte gives more (zlib, "maximum compression factor")

/**
 * Decodes a jpeg or a png: decided by its first bytes, not by its name. 16 bits become 8; rotation in EXIF is not
 * followed, as in Keras.
 * @throws Error if it is neither, is damaged, or says of itself that it has no pixels, more than 100 million, or more
 *   than its bytes can hold
 */
export function decodeImage(bytes: Buffer): Pixels {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg(bytes);
  if (bytes.subarray(0, 8).toString('latin1') === '\x89PNG\r\n\x1a\n') return decodePng(bytes);
  throw new Error('neither jpeg nor png by its first bytes');
}

function decodeJpeg(bytes: Buffer): Pixels {
  const [width, height] = jpegSize(bytes);
  // each 8×8 block takes a bit at least
  checkSize(width, height, bytes, Math.ceil(width / 8) * Math.ceil(height / 8) <= 8 * bytes.length);
  const {data} = jpeg.decode(bytes, {
    useTArray: true,
    maxResolutionInMP: MEGAPIXELS,
    maxMemoryUsageInMB: JPEG_MEGABYTES,
  });
  return {width, height, rgba: data};
}

/** From the start of the frame: a segment is its marker, its length, precision, height, width. */
function jpegSize(bytes: Buffer): readonly [width: number, height: number] {
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker))
      return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2); // a marker may have more bytes 0xff in front
  }
  throw new Error('a jpeg that does not say its size');
}

/** Markers of tables and extensions among those of frames. */
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

/** Before anything is allocated. */
function checkSize(width: number, height: number, {length}: Buffer, isPlausible: boolean): void {
  if (width * height === 0) throw new Error(`${width}×${height} pixels`);
  if (width * height > MEGAPIXELS * 1e6) throw new Error(`${width}×${height} pixels, more than ${MEGAPIXELS} million`);
  if (!isPlausible) throw new Error(`truncated: ${length} bytes for ${width}×${height} pixels`);
}

function decodePng(bytes: Buffer): Pixels {
  checkHeader(bytes);
  const {width, height, data} = PNG.sync.read(bytes);
  return {width, height, rgba: data};
}

/** pngjs takes the header at its word: it allocates what that says, and inflates interlaced images without an end. */
function checkHeader(bytes: Buffer): void {
  if (bytes.length < 33) throw new Error(`truncated: ${bytes.length} bytes`);
  const [width, height, depth, interlaced] = [
    bytes.readUInt32BE(16),
    bytes.readUInt32BE(20),
    bytes[24],
    bytes[28] === 1,
  ];
  const channels = [1, 1, 3, 1, 2, 1, 4].at(bytes[25]) ?? 4;
  const rowBytes = Math.ceil((width * channels * depth) / 8) + 1;
  checkSize(width, height, bytes, rowBytes * height <= DEFLATE_RATIO * bytes.length);
  if (interlaced)
    inflateSync(imageData(bytes), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 2 * (rowBytes + 8) * (height + 8),
    });
}

/** The contents of the IDAT chunks: each chunk is length, name, content, checksum. */
function imageData(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 8; at + 8 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(bytes.subarray(at + 8, end));
  }
  return Buffer.concat(parts);
}
