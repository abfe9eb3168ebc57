import {abs, add, io, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, loadLayersModel, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {calibrate, compress, type Compression, exportStock, type StockLayer, type StockReport} from 'tfjs-compress';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {randomize} from './smallNetworks.ts';

type Stage = OperatorFunction<Compression, Compression>;

/** What was exported, and what tfjs alone makes of it. */
interface Exported {
  readonly compression: Compression;
  readonly report: StockReport;
  readonly artifacts: io.ModelArtifacts;
  readonly loaded: LayersModel;
}

/** Layers of one problem: a step per layer is one step. */
export const UNDIVIDED = ['conv', 'hidden', 'scores'];

/** Convolution → ReLU → pooling → normalization → depthwise → flattening → two Dense. */
export function convnet(): LayersModel {
  return trained(
    sequential({
      layers: [
        layers.conv2d({name: 'conv', inputShape: [9, 9, 2], filters: 5, kernelSize: 3, activation: 'relu'}),
        layers.maxPooling2d({poolSize: 2}),
        layers.batchNormalization({name: 'norm'}),
        layers.depthwiseConv2d({name: 'depthwise', kernelSize: 2, depthMultiplier: 2}),
        layers.flatten(),
        layers.dense({name: 'hidden', units: 12, activation: 'tanh'}),
        layers.dense({name: 'scores', units: 4, activation: 'softmax'}),
      ],
    }),
  );
}

export function apply(layer: layers.Layer, inputs: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  return layer.apply(inputs) as SymbolicTensor;
}

/** Random weights, variances above 0. */
export function trained(network: LayersModel): LayersModel {
  randomize(network, 5);
  for (const layer of network.layers.filter((one) => one.getClassName() === 'BatchNormalization')) {
    const [variance] = layer.getWeights().slice(-1);
    const positive = tidy(() => add(abs(variance), 0.1));
    layer.setWeights([...layer.getWeights().slice(0, -1), positive]);
    positive.dispose();
  }
  return network;
}

export function summary({layers: all}: StockReport): string[] {
  const text = ({name, method, foldedInto, exact}: StockLayer): string =>
    `${name}: ${method}${foldedInto === undefined ? '' : ` → ${foldedInto}`}${exact ? ', exact' : ''}`;
  return all.map(text);
}

export async function kernelOf(network: LayersModel, name: string): Promise<number[]> {
  return Array.from(await network.getLayer(name).getWeights()[0].data());
}

/** The largest difference, over the largest number. */
export function relativeError(found: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((one, i) => Math.abs(one - found[i]))) / Math.max(...expected.map(Math.abs));
}

/** Exports, has tfjs load the file, and frees everything. */
/** Compresses a network by some stages, exports it, loads it with tfjs alone, and frees everything afterwards. */
export async function withExported(
  x: Tensor,
  network: LayersModel,
  stages: readonly Stage[],
  look: (exported: Exported) => Promise<void>,
): Promise<void> {
  const start = compress(network).pipe(calibrate(x));
  const compression = await lastValueFrom(stages.reduce((compressed$, stage) => compressed$.pipe(stage), start));
  let artifacts: io.ModelArtifacts = {};
  const report = await exportStock(
    compression,
    io.withSaveHandler(async (saved) => {
      artifacts = {...(JSON.parse(JSON.stringify(saved)) as io.ModelArtifacts), weightData: saved.weightData ?? []};
      return {modelArtifactsInfo: io.getModelArtifactsInfoForJSON(saved)};
    }),
  );
  const loaded = await loadLayersModel(io.fromMemory(artifacts));
  await look({compression, report, artifacts, loaded});
  disposeModel(loaded);
  compression.dispose();
  disposeModel(network);
}
