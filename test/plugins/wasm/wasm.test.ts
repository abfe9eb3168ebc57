import 'tfjs-compress/plugins/wasm';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';

// float32 sums of up to 900 products in another order; the largest difference relative to the largest value
const tolerance = 2e-6;

type Convolution = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor4D;
type Shape = [number, number, number, number];

interface Case {
  readonly input: Shape;
  readonly filter: Shape;
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
}

const geometries: readonly Omit<Case, 'filter'>[] = [
  {input: [2, 8, 8, 3], strides: 1, pad: 'valid'},
  {input: [2, 8, 8, 3], strides: 1, pad: 'same'},
  {input: [2, 8, 8, 3], strides: 2, pad: 'valid'},
  {input: [3, 7, 9, 3], strides: 2, pad: 'same'},
  {input: [3, 9, 7, 3], strides: [2, 1], pad: 'same'},
  {
    input: [1, 7, 7, 3],
    strides: 1,
    pad: [
      [0, 0],
      [0, 2],
      [1, 0],
      [0, 0],
    ],
  },
  {input: [2, 11, 10, 3], strides: 3, pad: 'same'},
  {input: [2, 11, 10, 3], strides: 3, pad: 'valid'},
];

// For a numeric pad with an oblong filter or stride tfjs computes a wrong output shape, and wasm then writes past its
// memory.
const squareGeometries: readonly Omit<Case, 'filter'>[] = [
  {input: [2, 7, 9, 3], strides: 1, pad: 1},
  {input: [2, 7, 6, 3], strides: 1, pad: 4},
  {input: [3, 9, 8, 3], strides: 2, pad: 1},
];

describe('plugins/wasm', () => {
  for (const filter of [
    [3, 3, 3, 5],
    [4, 2, 3, 1],
    [1, 1, 3, 2],
  ] as const) {
    for (const geometry of geometriesOf(filter)) {
      const given: Case = {...geometry, filter: [...filter]};
      it(`gradients of conv2d equal the cpu backend's: ${JSON.stringify(given)}`, async () => {
        await expectSameGradients(given, (x, w) => tf.conv2d(x, w, given.strides, given.pad));
      });
    }
  }

  for (const filter of [
    [3, 3, 3, 1],
    [3, 3, 3, 2],
    [2, 4, 3, 3],
  ] as const) {
    for (const geometry of geometriesOf(filter)) {
      const given: Case = {...geometry, filter: [...filter]};
      it(`gradients of depthwiseConv2d equal the cpu backend's: ${JSON.stringify(given)}`, async () => {
        await expectSameGradients(given, (x, w) => tf.depthwiseConv2d(x, w, given.strides, given.pad));
      });
    }
  }

  it('unsortedSegmentSum adds the rows of an id, and drops those whose id is no row', async () => {
    await tf.setBackend('wasm');
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
    const y = tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, -1, 3], 'int32'), 3);
    expect(await y.array()).to.deep.equal([
      [3, 4],
      [0, 0],
      [1 + 5, 2 + 6],
    ]);
    tf.dispose([x, y]);
  });

  it('the gradient of a gather counts every look-up', async () => {
    await tf.setBackend('wasm');
    const indices = tf.tensor2d(
      [
        [1, 1],
        [3, 1],
      ],
      [2, 2],
      'int32',
    );
    const gradient = tf.grad((table) => tf.sum(tf.gather(table, indices)))(tf.ones([4, 2]));
    expect(await gradient.array()).to.deep.equal([
      [0, 0],
      [3, 3],
      [0, 0],
      [1, 1],
    ]);
  });

  for (const [transposeA, transposeB] of [
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    for (const batch of [[], [5], [2, 3]] as const) {
      const given = JSON.stringify({batch, transposeA, transposeB});
      it(`matMul of transposed matrices equals the cpu backend's: ${given}`, async () => {
        const productOn = async (backend: string) => {
          await tf.setBackend(backend);
          const a = tf.randomUniform([...batch, ...(transposeA ? [7, 4] : [4, 7])], -1, 1, 'float32', 1);
          const b = tf.randomUniform([...batch, ...(transposeB ? [6, 7] : [7, 6])], -1, 1, 'float32', 2);
          const product = tf.matMul(a, b, transposeA, transposeB);
          const values = await product.data<'float32'>();
          tf.dispose([a, b, product]);
          return {values, shape: product.shape};
        };
        const [onCpu, onWasm] = [await productOn('cpu'), await productOn('wasm')];
        expect(onWasm.shape).to.deep.equal([...batch, 4, 6]);
        expectClose(onWasm.values, onCpu.values, tolerance);
      });
    }
  }

  for (const strides of [1, 2, 3]) {
    it(`conv2dTranspose of stride ${strides} and its gradients equal the cpu backend's`, async () => {
      const given: Case = {input: [2, 5, 4, 3], filter: [3, 3, 5, 3], strides, pad: 'same'};
      await expectSameGradients(given, (x, w) =>
        tf.conv2dTranspose(x, w, [2, 5 * strides, 4 * strides, 5], strides, 'same'),
      );
    });
  }

  it('one training step with a depthwise layer gives the loss and weights of cpu, and leaks no tensor', async () => {
    const onCpu = await trainedOneStep('cpu');
    const onWasm = await trainedOneStep('wasm');
    expect(onWasm.loss).to.be.closeTo(onCpu.loss, 1e-5 * onCpu.loss);
    for (const [i, weights] of onWasm.weights.entries()) expectClose(weights, onCpu.weights[i], 1e-5);
    expect(onWasm.leaked).to.equal(0);
  });
});

function geometriesOf([height, width]: readonly number[]): readonly Omit<Case, 'filter'>[] {
  return height === width ? [...geometries, ...squareGeometries] : geometries;
}

async function expectSameGradients(given: Case, convolve: Convolution): Promise<void> {
  const onCpu = await gradientsOn('cpu', given, convolve);
  const onWasm = await gradientsOn('wasm', given, convolve);
  for (const [i, gradient] of onWasm.gradients.entries()) expectClose(gradient, onCpu.gradients[i], tolerance);
  expect(onWasm.leaked).to.equal(0);
}

/** ∂/∂x and ∂/∂W of ⟨dy, convolve(x, W)⟩, and how many tensors were left over. */
async function gradientsOn(backend: string, {input, filter}: Case, convolve: Convolution) {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const gradients = tf.tidy(() => {
    const x = tf.randomUniform<tf.Rank.R4>(input, -1, 1, 'float32', 1);
    const w = tf.randomUniform<tf.Rank.R4>(filter, -1, 1, 'float32', 2);
    const dy = tf.randomUniform<tf.Rank.R4>(convolve(x, w).shape, -1, 1, 'float32', 3);
    return tf.grads((x, w) => convolve(tf.reshape(x, input), tf.reshape(w, filter)))([x, w], dy);
  });
  const values = await Promise.all(gradients.map((gradient) => gradient.data()));
  tf.dispose(gradients);
  return {gradients: values, leaked: tf.memory().numTensors - before};
}

/** A seeded network after one batch: `sgd`, because Adam's first step would hide the size of a gradient. */
async function trainedOneStep(backend: string) {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const model = smallNetwork();
  model.compile({optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError'});
  const x = tf.randomUniform([8, 9, 9, 2], 0, 1, 'float32', 4);
  const y = tf.randomUniform([8, 3], 0, 1, 'float32', 5);
  const {history} = await model.fit(x, y, {epochs: 1, batchSize: 8, shuffle: false, verbose: 0});
  const weights = await Promise.all(model.getWeights().map((weight) => weight.data()));
  tf.dispose([x, y]);
  model.dispose();
  model.optimizer.dispose();
  return {loss: Number(history['loss'][0]), weights, leaked: tf.memory().numTensors - before};
}

function smallNetwork(): tf.Sequential {
  const seeded = (seed: number) => tf.initializers.glorotUniform({seed});
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [9, 9, 2],
        filters: 4,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: seeded(1),
      }),
      tf.layers.depthwiseConv2d({
        kernelSize: 3,
        strides: 2,
        depthMultiplier: 2,
        padding: 'same',
        activation: 'relu',
        depthwiseInitializer: seeded(2),
      }),
      tf.layers.conv2d({filters: 6, kernelSize: 2, strides: 2, kernelInitializer: seeded(3)}),
      tf.layers.flatten(),
      tf.layers.dense({units: 3, kernelInitializer: seeded(4)}),
    ],
  });
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, relative: number): void {
  const scale = Array.from(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const difference = Array.from(expected).reduce(
    (largest, value, i) => Math.max(largest, Math.abs(value - found[i])),
    0,
  );
  expect(found.length).to.equal(expected.length);
  expect(difference).to.be.at.most(relative * scale);
}
