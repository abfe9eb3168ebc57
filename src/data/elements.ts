import {dispose, type TensorContainer} from '@tensorflow/tfjs-core';
import {DataError, formatValue} from '../errors.ts';
import {type InputTensors, isTensorInput} from './inputTensors.ts';

/** A `tf.data.Dataset`, or an object with its `iterator()`. */
export interface DatasetLike {
  /** Opens one reading. */
  iterator(): Promise<ElementIterator>;
}

/** One reading of a data set. */
export interface ElementIterator {
  /** The next element, if there is one. */
  next(): Promise<IteratorResult<unknown, unknown>>;
}

/** Frees every tensor of an element, also those that no input uses. */
export function disposeElement(element: unknown): void {
  if (isContainer(element)) dispose(element);
}

/** tfjs finds tensors in any object. */
function isContainer(element: unknown): element is TensorContainer {
  return typeof element === 'object' && element !== null;
}

/**
 * Returns a function that opens one reading of a source of elements.
 * @param inMemory the form of data in memory, for messages
 * @throws DataError if `data` is not a source of elements
 */
export function findOpener(where: string, data: unknown, inMemory = 'tensors'): () => AsyncIterable<unknown> {
  if (isOpener(data)) return () => openElements(where, data());
  if (typeof data === 'object' && data !== null) {
    if (isAsyncIterable(data)) return () => data;
    if (isDataset(data)) return () => datasetElements(data);
  }
  throw new DataError(
    `${where}: expected ${inMemory}, a tf.data.Dataset, an async iterable or a function that opens one, got ` +
      formatValue(data),
  );
}

/** The elements of the source that a function opened. */
async function* openElements(where: string, elements: unknown): AsyncIterable<unknown> {
  const known = typeof elements === 'object' && elements !== null ? elements : {};
  if (isAsyncIterable(known) || isIterable(known)) yield* known;
  else if (isDataset(known)) yield* datasetElements(known);
  else
    throw new DataError(
      `${where}: expected the function to open an iterable, an async iterable or a tf.data.Dataset, got ` +
        formatValue(elements),
    );
}

/** What an element may be. */
const ELEMENTS = {inputs: 'a tensor, tensors or {xs}', labelled: 'elements {xs, ys} of tensors'} as const;

/**
 * The inputs of an element: its `xs`, or the element itself where labels are not required.
 * @throws DataError if it has none
 */
export function elementInputs(where: string, element: unknown, kind: keyof typeof ELEMENTS): InputTensors {
  const withoutXs = kind === 'inputs' ? element : undefined;
  const inputs: unknown = typeof element === 'object' && element !== null && 'xs' in element ? element.xs : withoutXs;
  if (!isTensorInput(inputs)) throw new DataError(`${where}: expected ${ELEMENTS[kind]}, got ${formatValue(element)}`);
  return inputs;
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
