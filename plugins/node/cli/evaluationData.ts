import {readdir, stat} from 'node:fs/promises';
import {tensor1d, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError} from 'tfjs-compress';
import {inputShapeOf} from './data/inputShapeOf.ts';
import {type DiskInputs, openInputs, type ReadingOptions} from './data/openInputs.ts';
import {openLabelled} from './data/openLabelled.ts';
import {openLabels} from './data/openLabels.ts';

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
export async function openEvaluation(model: LayersModel, data: string, labels: string | undefined, options: ReadingOptions): Promise<EvaluationData> {
  const shape = inputShapeOf(model);
  const classes = Math.max(2, model.outputs[0].shape.at(-1) ?? 2); // one output says which of two
  if (labels === undefined && await hasClassFolders(data)) {
    const {inputs, labels: found} = await openLabelled(data, shape, classes, options);
    return {inputs, isLabelled: true, read: () => labelled(inputs, found)};
  }
  const inputs = await openInputs(data, shape, options);
  if (labels === undefined) return {inputs, isLabelled: false, read: () => labelled(inputs, undefined)};
  const found = await openLabels(labels, classes);
  if (found.length !== inputs.total) throw new DataError(`${labels}: expected ${inputs.total} labels, one for each input of ${data}, got ${found.length}`);
  return {inputs, isLabelled: true, read: () => labelled(inputs, Int32Array.from(inputs.chosen, (sample) => found[sample]))};
}

async function* labelled(inputs: DiskInputs, labels: Int32Array | undefined): AsyncIterable<{readonly xs: Tensor; readonly ys?: Tensor}> {
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
  const entries = await readdir(path, {withFileTypes: true});
  return entries.length > 0 && entries.every((entry) => entry.isDirectory());
}
