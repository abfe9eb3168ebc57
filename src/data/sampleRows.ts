import {concat, dispose, gather, type Tensor, tensor1d, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError} from '../errors.ts';
import {uniformAt} from '../numerics/random.ts';
import {disposeElement, elementInputs} from './elements.ts';
import {inputsOf} from './inputTensors.ts';

/** A sample of a data set whose length is known. */
export interface Sampling {
  readonly model: LayersModel;
  /** Rows of the whole data set; a reading ends there. */
  readonly rows: number;
  /** The largest number of elements of a reading. */
  readonly elements: number;
  /** The number of rows to choose. */
  readonly samples: number;
  /** The number of chosen rows that are joined to a batch, independent of the elements' size. */
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * Draws a random sample of the inputs of `{xs, ys}` elements, as batches; one element and one batch are in memory at a
 * time. The data set is divided into as many equal stretches as there are samples, and each gives one row, so that
 * every part of it is represented, however it is sorted.
 * @throws DataError if this reading ends before `rows`
 */
export async function* sampleBatches(
  where: string,
  elements: AsyncIterable<unknown>,
  sampling: Sampling,
): AsyncIterable<Tensor[]> {
  const {model, rows, batchSize} = sampling;
  const chosen = spreadRows(rows, sampling.samples, sampling.seed);
  const held = new BufferedRows();
  let [first, taken, count] = [0, 0, 0];
  try {
    for await (const element of elements) {
      try {
        const inputs = inputsOf(where, elementInputs(where, element, 'labelled'), model);
        const end = first + inputs[0].shape[0];
        const begin = taken;
        while (taken < chosen.length && chosen[taken] < end) taken++;
        const indices = chosen.slice(begin, taken).map((row) => row - first);
        first = end;
        if (indices.length > 0 && !held.accepts(inputs)) yield held.join();
        if (indices.length > 0) held.add(inputs, indices);
      } finally {
        disposeElement(element);
      }
      if (held.count >= batchSize) yield held.join();
      if (first >= rows || ++count === sampling.elements) break;
    }
    if (held.count > 0) yield held.join();
    if (first < rows) throw new DataError(exhaustedMessage(where, rows, first));
  } finally {
    held.dispose();
  }
}

/**
 * Chooses row numbers in ascending order: a random one of each of `samples` equal stretches; all rows if there are no
 * more than `samples`.
 * @param samples positive
 */
export function spreadRows(rows: number, samples: number, seed: number): Int32Array {
  const wanted = Math.min(rows, samples);
  const chosen = new Int32Array(wanted);
  for (let j = 0, next = 0; j < wanted; j++) {
    // Two stretches may share the row on their border.
    chosen[j] = Math.max(next, Math.floor(((j + uniformAt(seed, 0, j, 0)) * rows) / wanted));
    next = chosen[j] + 1;
  }
  return chosen;
}

/** Chosen rows of a model's inputs, to be joined to a batch. */
class BufferedRows {
  private parts: Tensor[][] = [];
  count = 0;

  /** Whether rows of these inputs can be joined with the buffered ones: sequences may differ in length. */
  accepts(inputs: readonly Tensor[]): boolean {
    return (
      this.parts.length === 0 ||
      inputs.every(({shape}, i) => String(shape.slice(1)) === String(this.parts[0][i].shape.slice(1)))
    );
  }

  add(inputs: readonly Tensor[], indices: Int32Array): void {
    this.parts.push(tidy(() => inputs.map((input) => gather(input, tensor1d(indices, 'int32')))));
    this.count += indices.length;
  }

  /** The buffered rows as one batch, which becomes the caller's. */
  join(): Tensor[] {
    const joined = tidy(() => this.parts[0].map((_, i) => concat(this.parts.map((part) => part[i]))));
    this.dispose();
    return joined;
  }

  dispose(): void {
    dispose(this.parts.flat());
    this.parts = [];
    this.count = 0;
  }
}

function exhaustedMessage(where: string, rows: number, read: number): string {
  return (
    `${where}: expected the data set to give the ${rows} samples that training has read, got ${read} on this ` +
    'reading; ' +
    'pass a data set that starts anew each time, or put calibrate(x) after it'
  );
}
