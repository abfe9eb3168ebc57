import {dispose, getBackend, setBackend, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, spfqQuantize} from 'tfjs-compress';
import {gaussian} from './pathProblems.ts';

const IMAGES = 256;
const BITS = [1, 2, 4] as const;

/** The codes of every layer, and the kernels that chose them. */
interface Outcome {
  readonly codes: Readonly<Record<string, readonly Int16Array[]>>;
  readonly kernels: readonly string[];
}

const onCpu = new Map<number, Promise<Outcome>>();

/**
 * A small network, quantized on the active backend, against the same on the cpu; for use inside `onBackends`. Letters are chosen by
 * thresholds, so that rounding errors of float32 show only where an argument meets one: with this seed none does.
 * @param kernel the kernel that the report must name
 */
export function testQuantizedNetwork(kernel: string): void {
  for (const bits of BITS) {
    it(`spfqQuantize({bits: ${bits}}) gives the codes of the cpu, chosen by kernel '${kernel}'`, async () => {
      const expected = await outcomeOnCpu(bits);
      const found = await quantized(bits, kernel !== 'reference');
      expect(found.codes).to.deep.equal(expected.codes);
      expect(found.kernels).to.deep.equal(Object.keys(found.codes).map(() => kernel));
      expect(expected.kernels).to.deep.equal(Object.keys(found.codes).map(() => 'reference'));
    });
  }
}

async function outcomeOnCpu(bits: typeof BITS[number]): Promise<Outcome> {
  const outcome = onCpu.get(bits);
  if (outcome) return outcome;
  const active = getBackend();
  await setBackend('cpu');
  const first = quantized(bits, false);
  onCpu.set(bits, first);
  await first;
  await setBackend(active);
  return first;
}

async function quantized(bits: typeof BITS[number], strictKernels: boolean): Promise<Outcome> {
  const model = smallNetwork();
  const x = gaussianTensor(1, [IMAGES, 9, 9, 3]);
  const compression = await lastValueFrom(compress(model, {seed: 11}).pipe(calibrate(x), spfqQuantize({bits, strictKernels})));
  const outcome = {
    codes: Object.fromEntries(compression.layers.map(({name, problems}) => [name, problems.map(({codes}) => codes)])),
    kernels: compression.report.layers.map((layer) => layer.kernel),
  };
  compression.dispose();
  model.dispose();
  x.dispose();
  return outcome;
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
  const weights = model.getWeights().map(({shape}, i) => gaussianTensor(i + 2, shape));
  model.setWeights(weights);
  dispose(weights);
  return model;
}

/** A kernel is scaled by 1/√fan-in, a bias by 1/10. */
function gaussianTensor(seed: number, shape: readonly number[]): Tensor {
  const columns = shape[shape.length - 1];
  const rows = shape.reduce((product, size) => product * size, 1) / columns;
  const scale = shape.length === 1 ? 0.1 : Math.sqrt((seed === 1 ? 1 : 2) / (seed === 1 ? 1 : rows));
  return tensor(Float32Array.from(gaussian(seed, rows, columns).data, (value) => scale * value), [...shape]);
}
