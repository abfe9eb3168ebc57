import {concat, dispose, gather, type Tensor, tensor1d, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError, formatValue} from '../errors.ts';
import {uniformAt} from '../numerics/random.ts';
import {disposeElement} from './elements.ts';
import {inputsOf, type InputTensors, isTensorInput} from './inputTensors.ts';

/** A sample of a data set whose length is known. */
export interface Sampling {
  readonly model: LayersModel;
  /** Rows of the whole data set: no reading goes further. */
  readonly rows: number;
  /** The most elements of a reading. */
  readonly elements: number;
  /** Rows to choose. */
  readonly samples: number;
  /** So many chosen rows are put together, whatever the elements' size. */
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * A random sample of the inputs of `{xs, ys}` elements, as batches; an element and a batch are in memory at a time. The
 * data set is cut into as many equal stretches as there are samples, and each gives one row: no part of it is left out,
 * in whatever order it comes.
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
        const inputs = inputsOf(where, elementInputs(where, element), model);
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
 * Row numbers, ascending: one of each of `samples` equal stretches of `rows`, at random; all of them if there are no
 * more.
 * @param samples positive
 */
export function spreadRows(rows: number, samples: number, seed: number): Int32Array {
  const wanted = Math.min(rows, samples);
  const chosen = new Int32Array(wanted);
  for (let j = 0, next = 0; j < wanted; j++) {
    // Two stretches may share the row that lies on their border.
    chosen[j] = Math.max(next, Math.floor(((j + uniformAt(seed, 0, j, 0)) * rows) / wanted));
    next = chosen[j] + 1;
  }
  return chosen;
}

/** Rows of the inputs of a model that wait to become a batch. */
class BufferedRows {
  private parts: Tensor[][] = [];
  count = 0;

  /** Whether rows of these inputs fit to those that are held: sequences may differ in length. */
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

  /** All that is held, as one batch. It becomes the caller's. */
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

/**
 * The inputs of an element of a labelled data set.
 * @throws DataError if it has none
 */
export function elementInputs(where: string, element: unknown): InputTensors {
  const inputs: unknown = typeof element === 'object' && element !== null && 'xs' in element ? element.xs : undefined;
  if (!isTensorInput(inputs))
    throw new DataError(`${where}: expected elements {xs, ys} of tensors, got ${formatValue(element)}`);
  return inputs;
}

function exhaustedMessage(where: string, rows: number, read: number): string {
  return (
    `${where}: expected the data set to give the ${rows} samples that training has read, got ${read} on this ` +
    'reading; ' +
    'pass a data set that starts anew each time, or put calibrate(x) behind'
  );
}
