import * as tf from '@tensorflow/tfjs';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, dryRun, spfqQuantize} from 'tfjs-compress';
import {watchTensors} from '../memory/watchTensors.ts';
import {createMobileNet} from './createMobileNet.ts';
import type {ModelBench} from './modelRow.ts';

const NAME = 'MobileNetV2 shape';
const SAMPLES = 64;
const BATCH_SIZE = 32;
const MEMORY = 512 * 2 ** 20;
const MAX_SECONDS = 90;
/** How far the peak may be above its estimate. */
const MAX_OVER = 1.2;
const MEBIBYTE = 2 ** 20;

/**
 * A model of MobileNetV2's shape: how long 4 bits take, and the peak of tensors beside what `dryRun` says. Once: its
 * weights and inputs are random.
 */
export const mobileNet: ModelBench = {
  name: NAME,
  async *rows() {
    const model = createMobileNet();
    const {peak: estimate, layers} = dryRun(model, {bits: 4, samples: SAMPLES, batchSize: BATCH_SIZE, memory: MEMORY});
    const watch = watchTensors();
    const begin = process.cpuUsage();
    const small = await lastValueFrom(
      compress(model).pipe(
        calibrate(randomImages, {samples: SAMPLES, batchSize: BATCH_SIZE}),
        spfqQuantize({bits: 4, memory: MEMORY}),
      ),
    );
    const {user, system} = process.cpuUsage(begin);
    watch.stop();
    const [seconds, count] = [small.report.milliseconds / 1000, small.layers.length];
    small.dispose();
    model.dispose();
    const row = {model: NAME, method: 'spfqQuantize', setting: '4 bits'};
    const mebibytes = (bytes: number): [number] => [bytes / MEBIBYTE];
    yield {...row, measure: 'layers', values: [count], aim: {least: 53}};
    yield {...row, measure: 'seconds', values: [seconds], aim: {most: MAX_SECONDS}};
    yield {...row, measure: 'seconds of the processor', values: [(user + system) / 1e6]};
    yield {...row, measure: 'tensors, estimate, MiB', values: mebibytes(estimate.tensors)};
    yield {
      ...row,
      measure: 'tensors, peak, MiB',
      values: mebibytes(watch.maxBytes),
      aim: {most: (MAX_OVER * estimate.tensors) / MEBIBYTE},
    };
    yield {
      ...row,
      measure: 'activations kept, estimate, MiB',
      values: mebibytes(Math.max(...layers.map(({activations}) => activations))),
      aim: {most: MEMORY / MEBIBYTE},
    };
  },
};

/** The same on every reading; the library disposes of them. */
function* randomImages(): Iterable<tf.Tensor> {
  for (let batch = 0; batch * BATCH_SIZE < SAMPLES; batch++)
    yield tf.randomUniform([BATCH_SIZE, 96, 96, 3], 0, 1, 'float32', batch + 1);
}
