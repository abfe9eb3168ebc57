import {type Optimizer, type Tensor, train} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {defer, map, type Observable, switchMap, tap} from 'rxjs';
import {type Compression, fit} from 'tfjs-compress';
import type {Images} from '../images.ts';
import {type LabelledTensors, tensorsOf} from './classifier.ts';

/** How to adapt. */
export interface AdaptOptions {
  /** Passes over the images. */
  readonly passes: number;
  /** Sees each step of the training. */
  readonly onStep: (step: TrainingStep) => void;
}

/** A step of the training, from 1 to `total`. */
export interface TrainingStep {
  readonly index: number;
  readonly total: number;
  readonly loss: number;
}

/** A classifier that was adapted, as a compression that stages can start from. */
export interface Adapted {
  readonly compression: Compression;
  /** The images that it was adapted on. */
  readonly xs: Tensor;
  /** Frees the images. */
  readonly dispose: () => void;
}

const batchSize = 32;

/** When the last training is over: a cancelled one goes on to the end of its step. */
let over = Promise.resolve();

/**
 * Trains a classifier on images, from the weights of another. Unsubscribing stops the training, and frees what it used.
 * @param model is written to
 * @param from where its weights come from
 */
export function adapt(
  model: LayersModel,
  from: LayersModel,
  images: Images,
  options: AdaptOptions,
): Observable<Adapted> {
  return defer(() => over).pipe(switchMap(() => trained(model, from, tensorsOf(images), options)));
}

function trained(
  model: LayersModel,
  from: LayersModel,
  {xs, ys, dispose}: LabelledTensors,
  {passes, onStep}: AdaptOptions,
): Observable<Adapted> {
  const optimizer = startAnew(model, from);
  const total = passes * Math.ceil(xs.shape[0] / batchSize);
  let [index, isKept] = [0, false];
  let free = (): void => undefined;
  over = new Promise<void>((resolve) => {
    free = resolve;
  }).then(() => {
    optimizer.dispose();
    if (!isKept) dispose();
  });
  let lastStep = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    lastStep = resolve;
  });
  const callbacks = {
    onBatchEnd: (_: number, logs?: {readonly loss?: number}) => {
      onStep({index: ++index, total, loss: logs?.loss ?? NaN});
    },
    onTrainEnd: () => {
      lastStep();
    },
  };
  return fit(model, xs, ys, {epochs: passes, batchSize, callbacks}).pipe(
    map((compression) => ({compression, xs, dispose})),
    tap({
      next: () => {
        isKept = true;
      },
      error: free,
      complete: free,
      unsubscribe: () => {
        void stopped.then(free);
      },
    }),
  );
}

function startAnew(model: LayersModel, from: LayersModel): Optimizer {
  const optimizer = train.adam(4e-3);
  model.compile({optimizer, loss: 'categoricalCrossentropy'});
  model.setWeights(from.getWeights());
  return optimizer;
}
