import {randomUniform, type Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {calibrate, compress, type Compression} from 'tfjs-compress';

/** The cheapest way to quantize. */
export const bare = {samples: 1, sweeps: 0, scale: 'mse'} as const;

/** A small network with every kind of layer that an estimate treats differently. */
export function convnet(): LayersModel {
  return sequential({
    layers: [
      layers.conv2d({
        inputShape: [12, 12, 1],
        filters: 16,
        kernelSize: 3,
        activation: 'relu',
        padding: 'same',
        name: 'first',
      }),
      layers.conv2d({filters: 16, kernelSize: 3, name: 'second'}),
      layers.batchNormalization({name: 'norm'}),
      layers.maxPooling2d({poolSize: 2}),
      layers.depthwiseConv2d({kernelSize: 3, depthMultiplier: 2, name: 'depthwise'}),
      layers.flatten(),
      layers.dense({units: 30, activation: 'relu', name: 'dense'}),
      layers.dense({units: 10, name: 'logits'}),
    ],
  });
}

/** Random inputs for a model, batch by batch. */
export function batches(model: LayersModel, samples: number, batchSize: number): () => Iterable<Tensor> {
  const shape = model.inputs[0].shape.slice(1).map(Number);
  return function* () {
    for (let from = 0; from < samples; from += batchSize)
      yield randomUniform([Math.min(batchSize, samples - from), ...shape], 0, 1, 'float32', from + 1);
  };
}

/** What stages make of a model, calibrated on random inputs. */
export async function realRun(
  model: LayersModel,
  samples: number,
  stages: ReadonlyArray<OperatorFunction<Compression, Compression>>,
): Promise<Compression> {
  const source = compress(model).pipe(calibrate(batches(model, samples, 32), {samples, rows: 4096}));
  return lastValueFrom(stages.reduce((stream, stage) => stream.pipe(stage), source));
}
