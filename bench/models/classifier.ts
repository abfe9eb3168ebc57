import * as tf from '@tensorflow/tfjs';
import {compressionRows, type Experiment} from './compressionRows.ts';
import type {ModelRow, ModelRun} from './modelRow.ts';

/** Inputs with one-hot answers. */
export interface Labelled {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

/** A classifier, and what it is measured on. */
export interface ClassifierExperiment extends Pick<Experiment, 'name' | 'model' | 'reading'> {
  readonly train: Labelled;
  readonly test: Labelled;
  /** The float model has to have so much accuracy, in percent. */
  readonly least?: number;
}

const SETTINGS = [
  {bits: 4, aim: {most: 0.5}},
  {bits: 'ternary', aim: {most: 1.5}},
] as const;
const BATCH = 250;

/**
 * The accuracy of the float model, then the points that it loses at 4 bits and with three letters, all layers
 * compressed.
 */
export async function* classifierRows(
  {name, model, reading, train, test, least}: ClassifierExperiment,
  run: ModelRun,
): AsyncIterable<ModelRow> {
  const float = 100 * (await accuracyOf(model, test));
  yield {
    model: name,
    method: 'float',
    setting: '32 bits',
    measure: `accuracy, %, of ${test.x.shape[0]}`,
    values: [float],
    ...(least !== undefined && {aim: {least}}),
  };
  yield* compressionRows(
    {
      name,
      model,
      calibration: train.x,
      settings: SETTINGS,
      ...(reading && {reading}),
      measure: `points lost, of ${test.x.shape[0]}`,
      score: async (small) => float - 100 * (await accuracyOf(small, test)),
    },
    run,
  );
}

/** The share of samples whose largest output is where that of the target is. */
export async function accuracyOf(model: tf.LayersModel, {x, y}: Labelled): Promise<number> {
  const right = tf.tidy(() => {
    const predicted = model.predict(x, {batchSize: BATCH});
    if (Array.isArray(predicted)) throw new Error(`${model.name}: expected one output, got ${predicted.length}`);
    return tf.mean(tf.cast(tf.equal(tf.argMax(predicted, -1), tf.argMax(y, -1)), 'float32'));
  });
  const [share] = await right.data();
  right.dispose();
  return share;
}
