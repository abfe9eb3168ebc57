// One compression in a process of its own, for the benchmark of memory: prints its peaks as JSON.
import '@tensorflow/tfjs-backend-wasm';
import {randomUniform, setBackend, type Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, spfqQuantize} from 'tfjs-compress';
import {BUDGET, type Peak} from './memory.ts';
import {watchTensors} from './watchTensors.ts';

const BATCH_SIZE = 32;
const INPUT = [28, 28, 1] as const;
const ROWS = 16384;

const samples = Number(process.argv[2]);

await setBackend('wasm');
const watch = watchTensors();
const model = convnet();
const compressed = await lastValueFrom(
  compress(model).pipe(
    calibrate(generatedBatches, {samples, batchSize: BATCH_SIZE, rows: ROWS}),
    spfqQuantize({bits: 4, samples: 1, rounding: 'nearest', scale: 'mse', sweeps: 0, memory: BUDGET}),
  ),
);
compressed.dispose();
const peak: Peak = {
  samples,
  tensors: watch.maxBytes,
  resident: process.resourceUsage().maxRSS * 1024,
  unbounded: 2 * samples * bytesPerSample(model),
};
console.log(JSON.stringify(peak));

function convnet(): LayersModel {
  return sequential({
    layers: [
      layers.conv2d({inputShape: [...INPUT], filters: 16, kernelSize: 3, activation: 'relu', padding: 'same'}),
      layers.conv2d({filters: 16, kernelSize: 3, activation: 'relu'}),
      layers.maxPooling2d({poolSize: 2}),
      layers.conv2d({filters: 32, kernelSize: 3, activation: 'relu'}),
      layers.maxPooling2d({poolSize: 2}),
      layers.flatten(),
      layers.dense({units: 64, activation: 'relu'}),
      layers.dense({units: 10, activation: 'softmax'}),
    ],
  });
}

/** Makes its batches when they are asked for, the same on every reading; the library disposes of them. */
function* generatedBatches(): Iterable<Tensor> {
  for (let batch = 0; ; batch++) {
    yield randomUniform([BATCH_SIZE, ...INPUT], 0, 1, 'float32', batch + 1);
  }
}

/** The widest value between two layers. */
function bytesPerSample({layers: all}: LayersModel): number {
  return (
    4 *
    Math.max(...all.map((layer) => [layer.outputShape].flat(2).reduce<number>((size, side) => size * (side ?? 1), 1)))
  );
}
