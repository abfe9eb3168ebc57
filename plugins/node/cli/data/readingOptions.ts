import type {Tensor} from '@tensorflow/tfjs-core';

/** Inputs on disk: how many, what was left out, and a way to read them as often as needed. */
export interface DiskInputs {
  /** How many samples a reading gives. */
  readonly count: number;
  /** How many samples the source has, those left out too; labels for it must be as many. */
  readonly total: number;
  /**
   * Which samples of the source are read, in the order of the reading: the label of sample i is `labels[chosen[i]]`.
   */
  readonly chosen: readonly number[];
  /** Files that could not be read, and why. */
  readonly skipped: readonly {readonly file: string; readonly reason: string}[];
  /** What it is, in words: "640 images (jpeg, png), 224×224×3, pixels 0…255 as 0…1". */
  readonly description: string;
  /** Reads all of it: batches `[b, …inputShape]` in float32; each tensor belongs to the reader. */
  read(): AsyncIterable<Tensor>;
}

/** How inputs are read. */
export interface ReadingOptions {
  /** The maximum number of samples, chosen at random where there are more; `Infinity` takes all. */
  readonly samples: number;
  /** Pixel values 0 … 255 map to it; so do unsigned bytes of arrays. Other numbers are taken as they are. */
  readonly range: readonly [number, number];
  /** Height and width where the model leaves them open; default 128×128. */
  readonly size?: readonly [number, number] | undefined;
  /** Which samples are chosen. */
  readonly seed: number;
  /** What becomes of files that do not decode: left out and listed, or an error. */
  readonly onCorrupt: 'skip' | 'refuse';
}
