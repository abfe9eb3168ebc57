import {dispose, type TensorContainer} from '@tensorflow/tfjs-core';
import {DataError, formatValue} from '../errors.ts';

/** A `tf.data.Dataset`, or anything with its iterator. */
export interface DatasetLike {
  /** Opens one reading. */
  iterator(): Promise<ElementIterator>;
}

/** One reading of a data set. */
export interface ElementIterator {
  /** The next element, if there is one. */
  next(): Promise<IteratorResult<unknown, unknown>>;
}

/** Frees every tensor of an element, also those that no input asked for. */
export function disposeElement(element: unknown): void {
  if (isContainer(element)) dispose(element);
}

/** tfjs looks for tensors in any object. */
function isContainer(element: unknown): element is TensorContainer {
  return typeof element === 'object' && element !== null;
}

/**
 * Opens anything that gives elements, once for each reading.
 * @param inMemory what data in memory would be, for messages
 * @throws DataError if it gives none
 */
export function findOpener(where: string, data: unknown, inMemory = 'tensors'): () => AsyncIterable<unknown> {
  if (isOpener(data)) return () => openElements(where, data());
  if (typeof data === 'object' && data !== null) {
    if (isAsyncIterable(data)) return () => data;
    if (isDataset(data)) return () => datasetElements(data);
  }
  throw new DataError(
    `${where}: expected ${inMemory}, a tf.data.Dataset, an async iterable or a function that opens one, got ` +
      `${formatValue(data)}`,
  );
}

/** What a function opened. */
async function* openElements(where: string, elements: unknown): AsyncIterable<unknown> {
  const known = typeof elements === 'object' && elements !== null ? elements : {};
  if (isAsyncIterable(known) || isIterable(known)) yield* known;
  else if (isDataset(known)) yield* datasetElements(known);
  else
    throw new DataError(
      `${where}: expected the function to open an iterable, an async iterable or a tf.data.Dataset, got ` +
        `${formatValue(elements)}`,
    );
}

function isOpener(data: unknown): data is () => unknown {
  return typeof data === 'function';
}

function isAsyncIterable(data: object): data is AsyncIterable<unknown> {
  return Symbol.asyncIterator in data;
}

function isIterable(data: object): data is Iterable<unknown> {
  return Symbol.iterator in data;
}

function isDataset(data: object): data is DatasetLike {
  return 'iterator' in data && typeof data.iterator === 'function';
}

async function* datasetElements(dataset: DatasetLike): AsyncIterable<unknown> {
  const iterator = await dataset.iterator();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}
