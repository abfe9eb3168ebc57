import {dispose, gather, slice, type Tensor, tensor1d, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError} from '../errors.ts';
import {uniformAt} from '../numerics/random.ts';
import {checkBatch, checkFinite} from './checkBatch.ts';
import {type DatasetLike, disposeElement, elementInputs, findOpener} from './elements.ts';
import {batchSizeFor, inputsOf, type InputTensors, isTensorInput, listOf} from './inputTensors.ts';

/** Data that can be read from its start as often as needed, batch by batch. */
export interface BatchSource {
  /** The largest number of samples of a reading. */
  readonly samples: number;
  /** The largest number of rows of X that a layer takes from all samples together. */
  readonly rows: number;
  /**
   * Batches for a model: one tensor for each of its inputs. They belong to the reader.
   * @throws DataError if a batch does not fit the model
   */
  read(model: LayersModel): AsyncIterable<Tensor[]>;
}

/**
 * Inputs that come in batches: inputs in memory, a data set, an iterable, or a function that opens one. Elements are
 * {@link InputTensors} or `{xs}`, and belong to the reader.
 */
export type InputData =
  InputTensors | DatasetLike | AsyncIterable<unknown> | (() => AsyncIterable<unknown> | Iterable<unknown>);

/** How inputs are read. */
export interface ReadingOptions {
  readonly samples: number;
  readonly batchSize: number;
  readonly rows: number;
  readonly seed: number;
}

/** How inputs are read by default. */
export const DEFAULT_READING = {samples: 4096, batchSize: 32, rows: 32768} as const;

/**
 * Inputs as batches that fit a model.
 * @param where the operator, for messages
 * @throws DataError if `data` cannot be read
 */
export function batchSource(where: string, data: InputData, options: ReadingOptions): BatchSource {
  const {samples, rows} = options;
  if (isTensorInput(data)) return {rows, ...tensorBatches(where, data, options)};
  const open = findOpener(where, data);
  let samplesBefore: number | undefined;
  const read = async function* (model: LayersModel): AsyncIterable<Tensor[]> {
    let count = 0;
    for await (const batch of elementBatches(where, open(), model, options)) {
      count += batch[0].shape[0];
      yield batch;
    }
    if (count < (samplesBefore ?? 1)) throw new DataError(exhaustedMessage(where, count, samplesBefore));
    samplesBefore = count;
  };
  return {samples, rows, read};
}

function exhaustedMessage(where: string, samples: number, before: number | undefined): string {
  return before === undefined
    ? `${where}: expected at least one sample of data, got an empty source`
    : `${where}: expected the source to give its ${before} samples on every reading, got ${samples} on this one; ` +
        'pass a source that starts anew each time: a tf.data.Dataset, a cold Observable, or a function that opens ' +
        'an iterator';
}

function tensorBatches(
  where: string,
  data: InputTensors,
  {samples, batchSize, seed}: ReadingOptions,
): Pick<BatchSource, 'samples' | 'read'> {
  const [first] = listOf(data);
  if (first.isDisposed) throw new DataError(`${where}: expected tensors, got a disposed one`);
  const count = first.shape[0] ?? 0;
  if (count === 0)
    throw new DataError(`${where}: expected at least one sample, got a tensor of shape [${first.shape.join(', ')}]`);
  const chosen = chooseSamples(count, samples, seed);
  const read = async function* (model: LayersModel): AsyncIterable<Tensor[]> {
    const tensors = inputsOf(where, data, model);
    checkBatch(where, tensors, model);
    const size = batchSizeFor(model, batchSize);
    for (let start = 0; start < chosen.length; start += size) {
      const indices = chosen.subarray(start, start + size);
      yield await requireFiniteBatch(
        where,
        tidy(() => tensors.map((tensor) => gather(tensor, tensor1d(indices, 'int32')))),
        model,
        indices,
      );
    }
  };
  return {samples: chosen.length, read};
}

/** Returns the batch if it is finite; otherwise disposes of it and throws. */
async function requireFiniteBatch(
  where: string,
  batch: Tensor[],
  model: LayersModel,
  numbers: Int32Array,
): Promise<Tensor[]> {
  try {
    await checkFinite(where, batch, model, numbers);
    return batch;
  } catch (error) {
    dispose(batch);
    throw error;
  }
}

/** All samples, or a seeded random choice of `samples` of them, in ascending order (Knuth, algorithm S). */
function chooseSamples(count: number, samples: number, seed: number): Int32Array {
  const wanted = Math.min(count, samples);
  const chosen = new Int32Array(wanted);
  for (let i = 0, taken = 0; taken < wanted; i++) {
    if (uniformAt(seed, 0, i, 0) * (count - i) < wanted - taken) chosen[taken++] = i;
  }
  return chosen;
}

async function* elementBatches(
  where: string,
  elements: AsyncIterable<unknown>,
  model: LayersModel,
  {samples, batchSize}: ReadingOptions,
): AsyncIterable<Tensor[]> {
  let left = samples;
  let index = 0;
  for await (const element of elements) {
    const location = `${where}: batch ${index++}`;
    try {
      const tensors = inputsOf(location, elementInputs(location, element, 'inputs'), model);
      checkBatch(location, tensors, model);
      await checkFinite(location, tensors, model);
      const count = Math.min(left, tensors[0].shape[0]);
      const max = batchSizeFor(model, batchSize);
      for (let start = 0; start < count; start += max) {
        const size = Math.min(max, count - start);
        yield tidy(() => tensors.map((tensor) => slice(tensor, start, size)));
      }
      left -= count;
    } finally {
      disposeElement(element);
    }
    if (left <= 0) return;
  }
}
