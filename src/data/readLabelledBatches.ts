import {slice, Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError, formatValue} from '../errors.ts';
import {checkBatch, checkFinite} from './checkBatch.ts';
import {type DatasetLike, disposeElement, findOpener} from './elements.ts';
import {batchSizeFor, inputsOf, type InputTensors, isTensorInput} from './inputTensors.ts';

/** Inputs with targets for the first output: one-hot or scores `[samples, classes]`, or class numbers `[samples]`. */
export interface LabelledTensors {
  /** The inputs. */
  readonly xs: InputTensors;
  /** The targets. */
  readonly ys?: Tensor;
}

/** Labelled tensors in memory, or a source of labelled batches. */
export type LabelledData =
  LabelledTensors | DatasetLike | AsyncIterable<unknown> | (() => AsyncIterable<unknown> | Iterable<unknown>);

/** One batch of a reading. */
export interface LabelledBatch {
  readonly inputs: Tensor[];
  readonly targets: Tensor | undefined;
}

/**
 * Reads labelled batches that fit a model. They belong to the reader.
 * @param where the operator, for messages
 * @throws DataError if the data is empty or does not fit the model
 */
export async function* readLabelledBatches(
  where: string,
  data: LabelledData,
  model: LayersModel,
  batchSize: number,
): AsyncIterable<LabelledBatch> {
  let samples = 0;
  let index = 0;
  for await (const element of isLabelled(data) ? [data] : findOpener(where, data, '{xs, ys}')()) {
    const location = element === data ? where : `${where}: batch ${index++}`;
    try {
      if (!isLabelled(element))
        throw new DataError(`${location}: expected {xs} or {xs, ys}, got ${formatValue(element)}`);
      const inputs = inputsOf(location, element.xs, model);
      checkBatch(location, inputs, model);
      await checkFinite(location, inputs, model);
      checkTargets(location, element.ys, inputs[0].shape[0], model);
      samples += inputs[0].shape[0];
      const size = batchSizeFor(model, batchSize);
      for (let start = 0; start < inputs[0].shape[0]; start += size) yield sliceBatch(inputs, element.ys, start, size);
    } finally {
      if (element !== data) disposeElement(element);
    }
  }
  if (samples === 0) throw new DataError(`${where}: expected at least one sample of data, got an empty source`);
}

/**
 * Refuses data that cannot be read as labelled batches.
 * @throws DataError
 */
export function requireLabelled(where: string, data: LabelledData): void {
  if (!isLabelled(data)) findOpener(where, data, '{xs, ys}');
}

function sliceBatch(
  inputs: readonly Tensor[],
  targets: Tensor | undefined,
  start: number,
  batchSize: number,
): LabelledBatch {
  const size = Math.min(batchSize, inputs[0].shape[0] - start);
  const taken = tidy(() => [...inputs, ...(targets ? [targets] : [])].map((tensor) => slice(tensor, start, size)));
  return {inputs: taken.slice(0, inputs.length), targets: targets && taken[inputs.length]};
}

/** Targets are one number for each sample, or have the shape of the first output. */
function checkTargets(location: string, targets: Tensor | undefined, samples: number, model: LayersModel): void {
  if (targets === undefined) return;
  if (targets.isDisposed) throw new DataError(`${location}: expected targets, got a disposed tensor`);
  const output = model.outputs[0].shape.slice(1);
  const sizes = [[], [1], output].map((shape) => [samples, ...shape]);
  if (
    !sizes.some(
      (shape) =>
        shape.length === targets.rank && shape.every((size, axis) => size === null || size === targets.shape[axis]),
    )
  ) {
    const [one, , scores] = sizes.map((shape) => `[${shape.map((size) => size ?? 'any').join(', ')}]`);
    throw new DataError(
      `${location}: expected targets of shape ${one} (class numbers) or ${scores} (as the output), got ` +
        `[${targets.shape.join(', ')}]`,
    );
  }
}

function isLabelled(data: unknown): data is LabelledTensors {
  return (
    typeof data === 'object' &&
    data !== null &&
    'xs' in data &&
    isTensorInput(data.xs) &&
    (!('ys' in data) || data.ys === undefined || data.ys instanceof Tensor)
  );
}
