import {readdir, stat} from 'node:fs/promises';
import {type Tensor, tensor1d} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError} from 'tfjs-compress';
import {isHidden} from './imageFiles.ts';
import {inputShapeOf} from './inputShapeOf.ts';
import {openInputs} from './openInputs.ts';
import {openLabelled} from './openLabelled.ts';
import {openLabels} from './openLabels.ts';
import type {DiskInputs, ReadingOptions} from './readingOptions.ts';

/** Inputs, with their classes where these are known. */
export interface EvaluationData {
  readonly inputs: DiskInputs;
  readonly isLabelled: boolean;
  /** Reads all of it: batches that belong to the reader. */
  read(): AsyncIterable<{readonly xs: Tensor; readonly ys?: Tensor}>;
}

/**
 * Opens inputs with their classes: from a file of labels, or a folder whose sub-folders are classes.
 * @throws DataError
 */
export async function openEvaluation(
  model: LayersModel,
  data: string,
  labels: string | undefined,
  options: ReadingOptions,
): Promise<EvaluationData> {
  const shape = inputShapeOf(model);
  const [{shape: scores}] = model.outputs;
  const classes = Math.max(2, scores.at(-1) ?? 2); // one output says which of two
  if (labels !== undefined && !isClassifier(model)) {
    throw new DataError(
      `${labels}: expected a model that gives one score for each class, [batch, classes], got one that gives ` +
        `[${scores.map((length, axis) => (axis === 0 ? 'batch' : (length ?? 'any'))).join(', ')}]; ` +
        'leave the labels out',
    );
  }
  if (labels === undefined && isClassifier(model) && (await hasClassFolders(data))) {
    const {inputs, labels: found} = await openLabelled(data, shape, classes, options);
    return {inputs, isLabelled: true, read: () => labelInputs(inputs, found)};
  }
  const inputs = await openInputs(data, shape, options);
  if (labels === undefined) return {inputs, isLabelled: false, read: () => labelInputs(inputs, undefined)};
  const found = await openLabels(labels, classes);
  if (found.length !== inputs.total)
    throw new DataError(
      `${labels}: expected ${inputs.total} labels, one for each input of ${data}, got ${found.length}`,
    );
  return {
    inputs,
    isLabelled: true,
    read: () =>
      labelInputs(
        inputs,
        Int32Array.from(inputs.chosen, (sample) => found[sample]),
      ),
  };
}

/** Whether the first output of a model is one score for each class. */
export function isClassifier({outputs: [first]}: LayersModel): boolean {
  return first.shape.length === 2;
}

async function* labelInputs(
  inputs: DiskInputs,
  labels: Int32Array | undefined,
): AsyncIterable<{readonly xs: Tensor; readonly ys?: Tensor}> {
  let start = 0;
  for await (const xs of inputs.read()) {
    const end = start + xs.shape[0];
    yield labels ? {xs, ys: tensor1d(labels.subarray(start, end), 'int32')} : {xs};
    start = end;
  }
}

async function hasClassFolders(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) return false;
  const entries = (await readdir(path, {withFileTypes: true})).filter(({name}) => !isHidden(name));
  return entries.length > 0 && entries.every((entry) => entry.isDirectory());
}
