import {dispose, getBackend, setBackend, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type OperatorFunction, pipe} from 'rxjs';
import {
  calibrate,
  compress,
  type CompressedLayer,
  type Compression,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {gaussian} from './pathProblems.ts';

const IMAGES = 256;

interface StageOptions {
  readonly strictKernels: boolean;
}

/** Fewer paths than by default. */
const BRIEF = {scale: 'mse', samples: 2} as const;

/** Every stage that follows paths, by how a user writes it. */
const stages: Readonly<Record<string, (options: StageOptions) => OperatorFunction<Compression, Compression>>> = {
  'spfqQuantize({bits: 1})': (options) => spfqQuantize({bits: 1, ...options}),
  'spfqQuantize({bits: 2})': (options) => spfqQuantize({bits: 2, ...options}),
  'spfqQuantize({bits: 4})': (options) => spfqQuantize({bits: 4, ...options}),
  'spfqPrune, spfqQuantize({bits: 1})': (options) =>
    pipe(spfqPrune({sparsity: 0.6, mask: 'path', ...options}), spfqQuantize({bits: 1, ...BRIEF, ...options})),
  'spfqCompress({bits: 2})': (options) => spfqCompress({bits: 2, ...BRIEF, ...options}),
};

/** What a stage chose in every layer, and the kernels that chose. */
interface Outcome {
  readonly layers: ReadonlyArray<readonly [string, ReturnType<typeof choicesOf>]>;
  readonly kernels: readonly string[];
}

const onCpu = new Map<string, Promise<Outcome>>();

/**
 * A small network, compressed on the active backend, against the same on the cpu; for use inside `onBackends`.
 * Letters and zeros are chosen by thresholds, so that rounding errors of float32 show only where an argument meets
 * one: with this seed none does.
 * @param kernel the kernel that the report must name
 */
export function testCompressedNetwork(kernel: string): void {
  for (const stage of Object.keys(stages)) {
    it(`${stage} chooses as on the cpu, by kernel '${kernel}'`, async () => {
      const expected = await outcomeOnCpu(stage);
      const found = await compressed(stage, kernel !== 'reference');
      expect(found.layers).to.deep.equal(expected.layers);
      expect(found.kernels).to.deep.equal(found.layers.map(() => kernel));
      expect(expected.kernels).to.deep.equal(found.layers.map(() => 'reference'));
    });
  }
}

async function outcomeOnCpu(stage: string): Promise<Outcome> {
  const outcome = onCpu.get(stage);
  if (outcome) return outcome;
  const active = getBackend();
  await setBackend('cpu');
  const first = compressed(stage, false);
  onCpu.set(stage, first);
  await first;
  await setBackend(active);
  return first;
}

async function compressed(stage: string, strictKernels: boolean): Promise<Outcome> {
  const model = smallNetwork();
  const x = gaussianTensor(1, [IMAGES, 9, 9, 3]);
  const compression = await lastValueFrom(
    compress(model, {seed: 11}).pipe(calibrate(x), stages[stage]({strictKernels})),
  );
  const outcome: Outcome = {
    layers: compression.layers.map((layer) => [layer.name, choicesOf(layer)]),
    kernels: compression.report.layers.map((layer) => layer.kernel),
  };
  compression.dispose();
  model.dispose();
  x.dispose();
  return outcome;
}

/** Letters and zeros of every problem. */
function choicesOf(layer: CompressedLayer) {
  return layer.kind === 'quantized'
    ? layer.matrices.map(({codes, mask}) => ({codes, mask}))
    : layer.matrices.map(({mask}) => ({mask}));
}

/** Two convolutions and two dense layers, 27 to 128 features wide, with weights of a usual size. */
function smallNetwork(): LayersModel {
  const model = sequential({
    layers: [
      layers.conv2d({name: 'conv1', inputShape: [9, 9, 3], filters: 8, kernelSize: 3, strides: 2, activation: 'relu'}),
      layers.conv2d({name: 'conv2', filters: 12, kernelSize: 3, padding: 'same', activation: 'relu'}),
      layers.flatten({name: 'flatten'}),
      layers.dense({name: 'hidden', units: 16, activation: 'relu'}),
      layers.dense({name: 'logits', units: 10}),
    ],
  });
  const weights = model.getWeights().map(({shape}, i) => gaussianTensor(i + 20, shape));
  model.setWeights(weights);
  dispose(weights);
  return model;
}

/** A kernel is scaled by 1/√fan-in, a bias by 1/10. */
function gaussianTensor(seed: number, shape: readonly number[]): Tensor {
  const columns = shape[shape.length - 1];
  const rows = shape.reduce((product, size) => product * size, 1) / columns;
  const scale = shape.length === 1 ? 0.1 : Math.sqrt((seed === 1 ? 1 : 2) / (seed === 1 ? 1 : rows));
  return tensor(
    Float32Array.from(gaussian(seed, rows, columns).data, (value) => scale * value),
    [...shape],
  );
}
