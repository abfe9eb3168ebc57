import {matMul, ones, type Tensor, type Tensor2D, tensor2d, tidy} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import * as byDefault from 'onnxruntime-web';
import * as native from 'onnxruntime-web/webgpu';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, pack, rtnQuantize} from 'tfjs-compress';
import {requireWebGPU} from 'tfjs-compress/plugins/webgpu';
import {uniformAt} from '../../src/numerics/random.ts';
import {Packed} from '../../src/packed/packed.ts';
import {onnxModel} from './onnxModel.ts';

/** What is measured in the page. */
export interface PeerRequest {
  /** Features and neurons of the layer. */
  readonly size: number;
  readonly group: number;
  readonly batches: readonly number[];
  readonly warmUp: number;
  readonly runs: number;
}

/** One way to compute the product, at one batch size. */
export interface PeerMeasurement {
  readonly batch: number;
  readonly name: PeerName;
  /** Of each run, from values on the host to values on the host. */
  readonly milliseconds: readonly number[];
  /** The largest error of an output against the product in float64, over the largest output. */
  readonly error: number;
}

/**
 * The ways to compute the product: onnxruntime-web has two builds with webgpu, kernels in TypeScript by default and
 * native ones as `onnxruntime-web/webgpu`.
 */
export type PeerName =
  | 'ours, 4 bits'
  | 'onnxruntime-web, MatMulNBits, 4 bits'
  | 'onnxruntime-web/webgpu, MatMulNBits, 4 bits'
  | 'tfjs matMul, float32'
  | 'onnxruntime-web, MatMul, float32'
  | 'onnxruntime-web/webgpu, MatMul, float32';

/** One product of rows `[rows, size]` with the weights, from host to host. */
type Product = (x: Float32Array, rows: number) => Promise<Float32Array>;

/** Times all ways in turns, each on the webgpu of this page. */
export async function measurePeer({size, group, batches, warmUp, runs}: PeerRequest): Promise<PeerMeasurement[]> {
  await requireWebGPU();
  for (const {env} of [byDefault, native]) {
    env.wasm.wasmPaths = '/';
    env.wasm.numThreads = 1;
  }
  const weights = await quantizedWeights(size, group);
  const products = await productsOf(weights, size, group);
  const measurements: PeerMeasurement[] = [];
  for (const batch of batches) {
    const x = Float32Array.from({length: batch * size}, (_, i) => uniformAt(2, 0, i, 0) - 0.5);
    const exact = productOf64(x, weights.values, batch, size);
    const milliseconds = await inTurns(products, x, batch, warmUp + runs);
    for (const [name, product] of products) {
      measurements.push({
        batch,
        name,
        milliseconds: milliseconds[name].slice(warmUp),
        error: largestError(await product(x, batch), exact),
      });
    }
  }
  return measurements;
}

async function inTurns(
  products: ReadonlyArray<readonly [PeerName, Product]>,
  x: Float32Array,
  batch: number,
  rounds: number,
): Promise<Record<PeerName, number[]>> {
  const milliseconds = Object.fromEntries(products.map(([name]) => [name, [] as number[]])) as Record<
    PeerName,
    number[]
  >;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < products.length; i++) {
      const [name, product] = products[(round + i) % products.length];
      const begin = performance.now();
      await product(x, batch);
      milliseconds[name].push(performance.now() - begin);
    }
  }
  return milliseconds;
}

/** The same weights in every form. */
interface Weights {
  readonly packed: LayersModel;
  /** Letters `[features, neurons]` from −7 to 7, and steps `[features / group, neurons]`. */
  readonly codes: Int16Array;
  readonly steps: Float32Array;
  /** W `[features, neurons]`. */
  readonly values: Float32Array;
}

async function quantizedWeights(size: number, group: number): Promise<Weights> {
  const model = sequential({layers: [layers.dense({units: size, inputShape: [size], useBias: false})]});
  model.setWeights([
    tensor2d(
      Float32Array.from({length: size * size}, (_, i) => uniformAt(1, 0, i, 0) - 0.5),
      [size, size],
    ),
  ]);
  const compression: Compression = await lastValueFrom(
    compress(model).pipe(calibrate(ones([1, size])), rtnQuantize({levels: 15, granularity: {group}}), pack()),
  );
  const [layer] = compression.layers;
  if (layer.kind !== 'quantized') throw new Error('peer: expected a quantized layer');
  const [{codes, scales}] = layer.matrices;
  const steps = Float32Array.from(scales.steps);
  const values = Float32Array.from(codes, (code, i) => code * steps[Math.floor(i / size / group) * size + (i % size)]);
  for (const packed of compression.model.layers.filter((found) => found instanceof Packed)) {
    if (packed.route !== 'packed')
      throw new Error('peer: expected the packed layer to be computed by a kernel of packed weights');
  }
  return {packed: compression.model, codes, steps, values};
}

async function productsOf(
  {packed, codes, steps, values}: Weights,
  size: number,
  group: number,
): Promise<Array<readonly [PeerName, Product]>> {
  const kernel = tensor2d(values, [size, size]);
  const letters = onnxModel(
    {kind: '4 bits', blockSize: group, codes: nibbles(codes, size), steps: transposed(steps, size)},
    size,
    size,
  );
  const floats = onnxModel({kind: 'float', values}, size, size);
  return [
    ['ours, 4 bits', tfjsProduct(size, (x) => packed.predictOnBatch(x) as Tensor)],
    ['onnxruntime-web, MatMulNBits, 4 bits', await onnxProduct(byDefault, letters, size)],
    ['onnxruntime-web/webgpu, MatMulNBits, 4 bits', await onnxProduct(native, letters, size)],
    ['tfjs matMul, float32', tfjsProduct(size, (x) => matMul(x, kernel))],
    ['onnxruntime-web, MatMul, float32', await onnxProduct(byDefault, floats, size)],
    ['onnxruntime-web/webgpu, MatMul, float32', await onnxProduct(native, floats, size)],
  ];
}

function tfjsProduct(size: number, compute: (x: Tensor2D) => Tensor): Product {
  return async (x, rows) => {
    const y = tidy(() => compute(tensor2d(x, [rows, size])));
    const values = await y.data<'float32'>();
    y.dispose();
    return values;
  };
}

/** A session that refuses to leave the product to the processor. */
async function onnxProduct(
  {InferenceSession, Tensor}: typeof byDefault,
  model: Uint8Array,
  size: number,
): Promise<Product> {
  const session = await InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    extra: {session: {disable_cpu_ep_fallback: '1'}},
  });
  return async (x, rows) => {
    const {y} = await session.run({x: new Tensor('float32', x, [rows, size])});
    return (await y.getData()) as Float32Array;
  };
}

/** Letters `[features, neurons]` as `[neurons, features / 2]` bytes; the letter 0 is 8. */
function nibbles(codes: Int16Array, size: number): Uint8Array {
  const bytes = new Uint8Array(codes.length / 2);
  for (let n = 0; n < size; n++) {
    for (let t = 0; t < size; t += 2)
      bytes[(n * size + t) / 2] = (codes[t * size + n] + 8) | ((codes[(t + 1) * size + n] + 8) << 4);
  }
  return bytes;
}

/** `[rows, columns]` as `[columns, rows]`. */
function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}

function productOf64(x: Float32Array, weights: Float32Array, rows: number, size: number): Float64Array {
  const product = new Float64Array(rows * size);
  for (let row = 0; row < rows; row++) {
    for (let t = 0; t < size; t++) {
      const value = x[row * size + t];
      for (let n = 0; n < size; n++) product[row * size + n] += value * weights[t * size + n];
    }
  }
  return product;
}

function largestError(found: Float32Array, exact: Float64Array): number {
  const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (found.length !== exact.length) throw new Error(`peer: expected ${exact.length} outputs, got ${found.length}`);
  return largest(exact.map((value, i) => value - found[i])) / largest(exact);
}
