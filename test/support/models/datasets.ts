import {oneHot, type Tensor, tensor, tensor1d, tidy} from '@tensorflow/tfjs-core';
import type {TrainingDataset} from 'tfjs-compress';
import {gaussianTensor} from './smallNetworks.ts';

/** A data set whose elements are made anew on every reading, and that remembers how far each was read. */
export interface CountedDataset extends TrainingDataset {
  /** Elements of each reading so far. */
  readonly readings: number[];
}

/** @param make element `index`, or undefined at the end; may throw */
export function countedDataset(make: (index: number) => unknown): CountedDataset {
  const readings: number[] = [];
  return {
    readings,
    async iterator() {
      const reading = readings.push(0) - 1;
      return {
        async next() {
          await Promise.resolve();
          const value = make(readings[reading]);
          if (value === undefined) return {done: true, value: undefined};
          readings[reading]++;
          return {done: false, value};
        },
      };
    },
  };
}

/** Batches for 6 → 3: gaussian inputs, one-hot targets. */
export function batchesOfSix(batches: number, size = 8): CountedDataset {
  return countedDataset((index) => (index < batches ? batchOfSix(index, size) : undefined));
}

/** Batch `index`, the same on every reading. */
export function batchOfSix(index: number, size = 8): {xs: Tensor; ys: Tensor} {
  return {
    xs: gaussianTensor([size, 6], 100 + index),
    ys: tidy(() =>
      oneHot(
        tensor1d(
          Array.from({length: size}, (_, i) => (i + index) % 3),
          'int32',
        ),
        3,
      ),
    ),
  };
}

/**
 * 60 batches of 5 rows, sorted: of each of three classes 100 rows in a row. Feature 0 is the class, feature 1 the
 * number of the row.
 */
export function sortedByClass(): CountedDataset {
  return countedDataset((index) => {
    if (index >= 60) return undefined;
    const rows = Array.from({length: 5}, (_, i) => 5 * index + i);
    const classes = rows.map((row) => Math.floor(row / 100));
    return {
      xs: tensor(
        rows.flatMap((row, i) => [classes[i], row, 0.1 * row, 1, -row, classes[i] + 0.5]),
        [5, 6],
      ),
      ys: tidy(() => oneHot(tensor1d(classes, 'int32'), 3)),
    };
  });
}
