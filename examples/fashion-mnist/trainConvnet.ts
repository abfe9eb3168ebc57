import * as tf from '@tensorflow/tfjs';
import type {LabelledImages} from './data.ts';

/** Where a training stands after a batch; loss and accuracy are the means of the epoch so far. */
export interface TrainingProgress {
  readonly epoch: number;
  readonly epochs: number;
  /** Images seen since the beginning, all epochs together. */
  readonly images: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface TrainingOptions {
  /** Adam's learning rate for each epoch; their number is the number of epochs. Default `ratesFor(9)`. */
  readonly rates?: readonly number[];
  /** Default 64. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Awaited after each epoch. */
  readonly onEpochEnd?: () => Promise<void>;
}

const schedule = [1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2e-4, 2e-4, 1e-4, 5e-5];

/** The learning rates of eleven epochs, 1e-3 falling to 5e-5, squeezed or stretched to another number of them. */
export function ratesFor(epochs: number): number[] {
  return Array.from({length: epochs}, (_, epoch) => schedule[Math.floor(((epoch + 0.5) * schedule.length) / epochs)]);
}

/** Rates that fall from `peak` to almost nothing along a parabola: for a short training. */
export function fallingRates(epochs: number, peak = 3e-3): number[] {
  return Array.from({length: epochs}, (_, epoch) => peak * (1 - ((epoch + 0.5) / epochs) ** 2));
}

/** Trains a classifier of images with `model.fit`. */
export async function trainConvnet(
  model: tf.LayersModel,
  {x, y}: LabelledImages,
  options: TrainingOptions = {},
): Promise<void> {
  await model.fit(x, y, prepareTraining(model, options));
}

/**
 * Compiles the model with Adam and cross-entropy, and gives the arguments for `model.fit` or this library's `fit`.
 * The order of the images is drawn anew for each epoch by tfjs, from `Math.random`: it takes no seed.
 */
export function prepareTraining(
  model: tf.LayersModel,
  {rates = ratesFor(9), batchSize = 64, onProgress, onEpochEnd}: TrainingOptions = {},
): tf.ModelFitArgs {
  const optimizer = new ScheduledAdam(rates[0], 0.9, 0.999);
  model.compile({optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy']});
  const meter = new EpochMeter(rates.length);
  return {
    batchSize,
    epochs: rates.length,
    verbose: 0,
    callbacks: {
      onEpochBegin: (epoch) => {
        optimizer.setRate(rates[epoch]);
        meter.begin(epoch);
      },
      onBatchEnd: (_, logs) => onProgress?.(meter.add(logs)),
      onEpochEnd: async () => onEpochEnd?.(),
    },
  };
}

class ScheduledAdam extends tf.AdamOptimizer {
  setRate(rate: number): void {
    this.learningRate = rate;
  }
}

/** Means over the batches of an epoch, weighted by their sizes. */
class EpochMeter {
  private epoch = 0;
  private images = 0;
  private imagesInEpoch = 0;
  private loss = 0;
  private accuracy = 0;

  constructor(private readonly epochs: number) {}

  begin(epoch: number): void {
    this.epoch = epoch + 1;
    this.imagesInEpoch = this.loss = this.accuracy = 0;
  }

  add({size = 0, loss = 0, acc = 0}: tf.Logs = {}): TrainingProgress {
    this.images += size;
    this.imagesInEpoch += size;
    this.loss += loss * size;
    this.accuracy += acc * size;
    return {
      epoch: this.epoch,
      epochs: this.epochs,
      images: this.images,
      loss: this.loss / this.imagesInEpoch,
      accuracy: this.accuracy / this.imagesInEpoch,
    };
  }
}
