import {dispose, slice, type Tensor, type Tensor4D, tidy} from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel, model as modelOf} from '@tensorflow/tfjs-layers';
import {type Matrix, matrix} from 'tfjs-compress/numerics';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {loadFashionMnist} from '../../../examples/fashion-mnist/data.ts';
import {kernelsOf} from '../../../src/layers/registry.ts';
import {uniforms} from './randomMatrices.ts';

/** A layer for tests of the numerics: inputs X `[rows, features]` and weights W `[features, neurons]`. */
export interface LayerMatrices {
  readonly inputs: Matrix;
  readonly weights: Matrix;
}

/** How much of a layer is wanted. */
export interface LayerPart {
  readonly rows: number;
  /** The first ones. */
  readonly neurons: number;
}

const MODEL = new URL('../../../examples/models/fashion-convnet/', import.meta.url);
const IMAGES = 64;

/**
 * Layers of the example's convnet, by name: rows drawn from what it gives them for 64 test images, all of their
 * features.
 */
export async function convnetLayers(names: readonly string[], part: LayerPart): Promise<LayerMatrices[]> {
  const images = await testImages();
  const model = await loadLayersModel(fileHandler(MODEL.pathname));
  try {
    const layers: LayerMatrices[] = [];
    for (const name of names) layers.push(await partOf(model, name, images, part));
    return layers;
  } finally {
    model.dispose();
    images.dispose();
  }
}

async function testImages(): Promise<Tensor4D> {
  const {train, test} = await loadFashionMnist();
  const images = slice(test.x, 0, IMAGES);
  dispose([train.x, train.y, test.x, test.y]);
  return images;
}

async function partOf(
  model: LayersModel,
  name: string,
  images: Tensor,
  {rows, neurons}: LayerPart,
): Promise<LayerMatrices> {
  const layer = model.getLayer(name);
  const [{kernel}] = kernelsOf(layer);
  const columns = tidy(() => {
    const input = modelOf({inputs: model.inputs, outputs: layer.input}).predict(images) as Tensor;
    const uniform = uniforms(1);
    const positions = IMAGES * kernel.positions(layer, input.shape);
    return kernel.columns(
      layer,
      input,
      Int32Array.from({length: rows}, () => Math.floor(uniform() * positions)),
    );
  });
  const inputs = Float64Array.from(await columns.data());
  columns.dispose();
  const {data, shape} = await valuesOf(layer.getWeights()[kernel.weight]);
  const [weights] = kernel.toMatrices(data, shape);
  return {inputs: matrix(rows, weights.rows, inputs), weights: firstColumns(weights, neurons)};
}

async function valuesOf(tensor: Tensor): Promise<{data: Float32Array; shape: number[]}> {
  return {data: await tensor.data<'float32'>(), shape: tensor.shape};
}

function firstColumns({rows, columns, data}: Matrix, count: number): Matrix {
  return matrix(
    rows,
    count,
    Float64Array.from({length: rows * count}, (_, i) => data[Math.floor(i / count) * columns + (i % count)]),
  );
}
