import type {Pixels} from './decodeImage.ts';
import type {ImageFrame} from './imageFrame.ts';

/**
 * An image as a model takes it, `[height, width, channels]`, values 0 … 255.
 *
 * The largest part of the right aspect is cut out of the middle and resized, bilinear with half-pixel centres and
 * without smoothing, as Keras's `smart_resize` does; on the CPU, so that every backend gets the same numbers. What is
 * transparent is laid on white.
 */
export function frameImage(pixels: Pixels, frame: ImageFrame): Float32Array {
  const {height, width, channels} = frame;
  const part = partOf(pixels, frame);
  const [rows, columns] = [stops(part.top, part.height, height), stops(part.left, part.width, width)];
  const read = channels === 1 ? luminance : colour;
  const values = new Float32Array(height * width * channels);
  let i = 0;
  for (const y of rows) {
    for (const x of columns) {
      for (let channel = 0; channel < channels; channel++) {
        const upper = mix(read(pixels, y.low, x.low, channel), read(pixels, y.low, x.high, channel), x.share);
        const lower = mix(read(pixels, y.high, x.low, channel), read(pixels, y.high, x.high, channel), x.share);
        values[i++] = mix(upper, lower, y.share);
      }
    }
  }
  return values;
}

interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

function partOf(pixels: Pixels, {height, width, cuts}: ImageFrame): Part {
  const fits = cuts && pixels.height >= height && pixels.width >= width;
  const part = fits
    ? {height, width}
    : {
        height: Math.max(1, Math.floor(Math.min(pixels.height, (pixels.width * height) / width))),
        width: Math.max(1, Math.floor(Math.min(pixels.width, (pixels.height * width) / height))),
      };
  return {
    ...part,
    top: Math.floor((pixels.height - part.height) / 2),
    left: Math.floor((pixels.width - part.width) / 2),
  };
}

/** Between which two lines of pixels a line of the result lies, and how far from the lower one. */
interface Stop {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

function stops(start: number, length: number, count: number): Stop[] {
  return Array.from({length: count}, (_, i) => {
    const at = ((i + 0.5) * length) / count - 0.5;
    const low = Math.max(0, Math.floor(at));
    return {low: start + low, high: start + Math.min(length - 1, low + 1), share: Math.max(0, at) - low};
  });
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** One of red, green and blue, on white. */
function colour({width, rgba}: Pixels, y: number, x: number, channel: number): number {
  const at = 4 * (y * width + x);
  return 255 + ((rgba[at + channel] - 255) * rgba[at + 3]) / 255;
}

/** Rec. 601 luma, as PIL's and Keras's 'grayscale'. */
function luminance(pixels: Pixels, y: number, x: number): number {
  return 0.299 * colour(pixels, y, x, 0) + 0.587 * colour(pixels, y, x, 1) + 0.114 * colour(pixels, y, x, 2);
}
