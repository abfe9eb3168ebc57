import {dispose, gather, slice, Tensor, tensor1d, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError, shown} from '../errors.ts';
import {uniformAt} from '../numerics/random.ts';
import type {BatchSource} from '../types.ts';
import {checkBatch, checkFinite} from './checkBatch.ts';

/** Inputs in memory: a tensor, one for each input of the model, or by the names of the inputs. */
export type InputTensors = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** A `tf.data.Dataset`, or anything with its iterator. */
export interface DatasetLike {
  iterator(): Promise<{next(): Promise<{value: unknown; done?: boolean}>}>;
}

/**
 * Inputs that come in batches: inputs in memory, a data set, an iterable, or a function that opens one.
 * Elements are {@link InputTensors} or `{xs}`, and belong to the reader.
 */
export type InputData = InputTensors | DatasetLike | AsyncIterable<unknown> | (() => AsyncIterable<unknown> | Iterable<unknown>);

/** How inputs are read. */
export interface ReadingOptions {
  readonly samples: number;
  readonly batchSize: number;
  readonly rows: number;
  readonly seed: number;
}

/** How inputs are read if nothing else is said. */
export const DEFAULT_READING = {samples: 4096, batchSize: 32, rows: 32768} as const;

/**
 * Inputs as batches that fit a model.
 * @param where the operator, for messages
 * @throws DataError if `data` is nothing that can be read
 */
export function batchSource(where: string, data: InputData, options: ReadingOptions): BatchSource {
  const {samples, rows} = options;
  if (isTensors(data)) {
    const inMemory = tensorBatches(where, data, options);
    return {samples: inMemory.samples, rows, read: (model) => checked(where, inMemory.read(model), model)};
  }
  const open = openerOf(where, data);
  let batchesBefore: number | undefined;
  const read = async function* (model: LayersModel): AsyncIterable<Tensor[]> {
    let batches = 0;
    for await (const batch of checked(where, elementBatches(open(), model, options), model)) {
      batches++;
      yield batch;
    }
    if (batches < (batchesBefore ?? 1)) throw new DataError(exhausted(where, batches, batchesBefore));
    batchesBefore = batches;
  };
  return {samples, rows, read};
}

function exhausted(where: string, batches: number, before: number | undefined): string {
  return before === undefined
    ? `${where}: expected at least one batch of data, got an empty source`
    : `${where}: expected the source to give its ${before} batches on every reading, got ${batches} on this one; ` +
      'pass something that starts anew each time: a tf.data.Dataset, a cold Observable, or a function that opens an iterator';
}

async function* checked(where: string, batches: AsyncIterable<Tensor[]>, model: LayersModel): AsyncIterable<Tensor[]> {
  let index = 0;
  for await (const batch of batches) {
    try {
      checkBatch(where, batch, index, model);
      await checkFinite(where, batch, index, model);
    } catch (error) {
      dispose(batch);
      throw error;
    }
    yield batch;
    index++;
  }
}

function tensorBatches(where: string, data: InputTensors, {samples, batchSize, seed}: ReadingOptions): {samples: number; read(model: LayersModel): AsyncIterable<Tensor[]>} {
  const [first] = listOf(data);
  if (first.isDisposed) throw new DataError(`${where}: expected tensors, got a disposed one`);
  const count = first.shape[0] ?? 0;
  if (count === 0) throw new DataError(`${where}: expected at least one sample, got a tensor of shape [${first.shape.join(', ')}]`);
  const chosen = chooseSamples(count, samples, seed);
  const read = async function* (model: LayersModel): AsyncIterable<Tensor[]> {
    const tensors = inputsOf(where, data, model);
    for (let start = 0; start < chosen.length; start += batchSize) {
      const indices = chosen.subarray(start, start + batchSize);
      yield tidy(() => tensors.map((tensor) => gather(tensor, tensor1d(indices, 'int32'))));
    }
    await Promise.resolve();
  };
  return {samples: chosen.length, read};
}

/** All samples, or a seeded random choice of so many, in ascending order (Knuth, algorithm S). */
function chooseSamples(count: number, samples: number, seed: number): Int32Array {
  const wanted = Math.min(count, samples);
  const chosen = new Int32Array(wanted);
  for (let i = 0, taken = 0; taken < wanted; i++) {
    if (uniformAt(seed, 0, i, 0) * (count - i) < wanted - taken) chosen[taken++] = i;
  }
  return chosen;
}

async function* elementBatches(elements: AsyncIterable<unknown>, model: LayersModel, {samples, batchSize}: ReadingOptions): AsyncIterable<Tensor[]> {
  let left = samples;
  for await (const element of elements) {
    const tensors = inputsOf('calibrate', elementInputs(element), model);
    try {
      const count = Math.min(left, tensors[0].shape[0] ?? 0);
      for (let start = 0; start < count; start += batchSize) {
        const size = Math.min(batchSize, count - start);
        yield tidy(() => tensors.map((tensor) => slice(tensor, start, size)));
      }
      left -= count;
    } finally {
      dispose(tensors);
      disposeTargets(element);
    }
    if (left <= 0) return;
  }
}

/** Of `{xs, ys}` the inputs; anything else is inputs as it is. */
function elementInputs(element: unknown): InputTensors {
  const inputs: unknown = typeof element === 'object' && element !== null && 'xs' in element ? element.xs : element;
  if (!isTensors(inputs)) throw new DataError(`calibrate: expected every element to be a tensor, tensors or {xs}, got ${shown(element)}`);
  return inputs;
}

function disposeTargets(element: unknown): void {
  if (typeof element === 'object' && element !== null && 'ys' in element && isTensors(element.ys)) dispose(listOf(element.ys));
}

/** The tensors in the order of the model's inputs. */
export function inputsOf(where: string, data: InputTensors, model: LayersModel): Tensor[] {
  if (data instanceof Tensor) return [data];
  if (isList(data)) return [...data];
  return model.inputNames.map((name) => {
    const tensor = data[name];
    if (!tensor) throw new DataError(`${where}: expected a tensor for the input '${name}', got ${Object.keys(data).join(', ')}`);
    return tensor;
  });
}

function listOf(data: InputTensors): Tensor[] {
  if (data instanceof Tensor) return [data];
  return isList(data) ? [...data] : Object.values(data);
}

function isList(data: InputTensors): data is readonly Tensor[] {
  return Array.isArray(data);
}

/** Whether something is inputs in memory. */
export function isTensors(data: unknown): data is InputTensors {
  if (data instanceof Tensor) return true;
  if (typeof data !== 'object' || data === null) return false;
  const values: unknown[] = Object.values(data);
  return values.length > 0 && values.every((value) => value instanceof Tensor);
}

/** The elements of one reading of anything that can be read. */
export function elementsOf(where: string, data: Exclude<InputData, InputTensors>): AsyncIterable<unknown> {
  return openerOf(where, data)();
}

function openerOf(where: string, data: Exclude<InputData, InputTensors>): () => AsyncIterable<unknown> {
  if (typeof data === 'function') return () => asyncOf(data());
  if (typeof data === 'object' && data !== null) {
    if (Symbol.asyncIterator in data) return () => data;
    if ('iterator' in data) return () => datasetElements(data);
  }
  throw new DataError(`${where}: expected tensors, a tf.data.Dataset, an async iterable or a function that opens one, got ${shown(data)}`);
}

async function* asyncOf(elements: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown> {
  yield* elements;
}

async function* datasetElements(dataset: DatasetLike): AsyncIterable<unknown> {
  const iterator = await dataset.iterator();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}
