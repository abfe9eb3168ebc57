import {slice, Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError, shown} from '../errors.ts';
import {batchSizeFor} from './batchSizeFor.ts';
import {type DatasetLike, disposeElement, openerOf} from './elements.ts';
import {type InputTensors, inputsOf, isTensors} from './inputTensors.ts';
import {checkBatch, checkFinite} from './checkBatch.ts';

/** Inputs with their targets, of the first output: one-hot or scores `[samples, classes]`, or class numbers `[samples]`. */
export interface LabelledTensors {
  /** The inputs. */
  readonly xs: InputTensors;
  /** The targets. */
  readonly ys?: Tensor;
}

/** Labelled tensors in memory, or a source of labelled batches. */
export type LabelledData = LabelledTensors | DatasetLike | AsyncIterable<unknown> | (() => AsyncIterable<unknown> | Iterable<unknown>);

/** One batch. */
export interface LabelledBatch {
  readonly inputs: Tensor[];
  readonly targets: Tensor | undefined;
}

/**
 * Labelled batches that fit a model. They belong to the reader.
 * @param where the operator, for messages
 * @throws DataError if the data is empty or does not fit the model
 */
export async function* labelledBatches(where: string, data: LabelledData, model: LayersModel, batchSize: number): AsyncIterable<LabelledBatch> {
  let samples = 0;
  let index = 0;
  for await (const element of isLabelled(data) ? [data] : openerOf(where, data, '{xs, ys}')()) {
    const place = element === data ? where : `${where}: batch ${index++}`;
    try {
      if (!isLabelled(element)) throw new DataError(`${place}: expected {xs} or {xs, ys}, got ${shown(element)}`);
      const inputs = inputsOf(place, element.xs, model);
      checkBatch(place, inputs, model);
      await checkFinite(place, inputs, model);
      checkTargets(place, element.ys, inputs[0].shape[0], model);
      samples += inputs[0].shape[0];
      const size = batchSizeFor(model, batchSize);
      for (let start = 0; start < inputs[0].shape[0]; start += size) yield part(inputs, element.ys, start, size);
    } finally {
      if (element !== data) disposeElement(element);
    }
  }
  if (samples === 0) throw new DataError(`${where}: expected at least one sample of data, got an empty source`);
}

/**
 * Whether something can be read as labelled batches at all.
 * @throws DataError if not
 */
export function requireLabelled(where: string, data: LabelledData): void {
  if (!isLabelled(data)) openerOf(where, data, '{xs, ys}');
}

function part(inputs: readonly Tensor[], targets: Tensor | undefined, start: number, batchSize: number): LabelledBatch {
  const size = Math.min(batchSize, inputs[0].shape[0] - start);
  const taken = tidy(() => [...inputs, ...(targets ? [targets] : [])].map((tensor) => slice(tensor, start, size)));
  return {inputs: taken.slice(0, inputs.length), targets: targets && taken[inputs.length]};
}

/** One number for each sample, or as many as the first output has. */
function checkTargets(place: string, targets: Tensor | undefined, samples: number, model: LayersModel): void {
  if (targets === undefined) return;
  if (targets.isDisposed) throw new DataError(`${place}: expected targets, got a disposed tensor`);
  const output = model.outputs[0].shape.slice(1);
  const sizes = [[], [1], output].map((shape) => [samples, ...shape]);
  if (!sizes.some((shape) => shape.length === targets.rank && shape.every((size, axis) => size === null || size === targets.shape[axis]))) {
    const [one, , scores] = sizes.map((shape) => `[${shape.map((size) => size ?? 'any').join(', ')}]`);
    throw new DataError(`${place}: expected targets of shape ${one} (class numbers) or ${scores} (as the output), got [${targets.shape.join(', ')}]`);
  }
}

function isLabelled(data: unknown): data is LabelledTensors {
  return typeof data === 'object' && data !== null && 'xs' in data && isTensors(data.xs) &&
    (!('ys' in data) || data.ys === undefined || data.ys instanceof Tensor);
}
