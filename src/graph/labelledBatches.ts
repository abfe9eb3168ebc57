import {dispose, slice, Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError, shown} from '../errors.ts';
import {type DatasetLike, elementsOf, type InputTensors, inputsOf, isTensors} from './batches.ts';
import {checkBatch} from './checkBatch.ts';

/** Inputs with their targets, of the first output: one-hot or scores `[samples, classes]`, or class numbers `[samples]`. */
export interface LabelledTensors {
  readonly xs: InputTensors;
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
  let index = 0;
  const elements = isLabelled(data) ? [data] : elementsOf(where, data);
  for await (const element of elements) {
    if (!isLabelled(element)) throw new DataError(`${where}: batch ${index}: expected {xs} or {xs, ys}, got ${shown(element)}`);
    const inputs = inputsOf(where, element.xs, model);
    checkBatch(where, inputs, index, model);
    checkTargets(where, element.ys, inputs[0], index);
    for (let start = 0; start < inputs[0].shape[0]; start += batchSize) yield part(inputs, element.ys, start, batchSize);
    if (element !== data) dispose(element.ys ? [...inputs, element.ys] : inputs);
    index++;
  }
  if (index === 0) throw new DataError(`${where}: expected at least one batch of data, got an empty source`);
}

function part(inputs: readonly Tensor[], targets: Tensor | undefined, start: number, batchSize: number): LabelledBatch {
  const size = Math.min(batchSize, inputs[0].shape[0] - start);
  const taken = tidy(() => [...inputs, ...(targets ? [targets] : [])].map((tensor) => slice(tensor, start, size)));
  return {inputs: taken.slice(0, inputs.length), targets: targets && taken[inputs.length]};
}

function checkTargets(where: string, targets: Tensor | undefined, inputs: Tensor, index: number): void {
  if (targets === undefined) return;
  if (targets.isDisposed) throw new DataError(`${where}: batch ${index}: expected targets, got a disposed tensor`);
  if (targets.shape[0] !== inputs.shape[0]) {
    throw new DataError(`${where}: batch ${index}: expected one target for each of ${inputs.shape[0]} samples, got shape [${targets.shape.join(', ')}]`);
  }
}

function isLabelled(data: unknown): data is LabelledTensors {
  return typeof data === 'object' && data !== null && 'xs' in data && isTensors(data.xs) &&
    (!('ys' in data) || data.ys === undefined || data.ys instanceof Tensor);
}
