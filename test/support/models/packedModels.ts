import {getKernel, io, registerKernel, type Tensor, type TensorInfo, unregisterKernel} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, loadLayersModel, sequential} from '@tensorflow/tfjs-layers';
import {lastValueFrom, type MonoTypeOperatorFunction, of} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  pack,
  type PackOptions,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {cloneModel} from '../../../src/model/cloneModel.ts';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {randomize} from './smallNetworks.ts';

/** A layer of every type that can be packed, with the shape of its inputs. */
export const PACKED_KINDS = {
  Dense: {shape: [13], layer: (args: object) => layers.dense({...args, units: 7, activation: 'tanh'})},
  Conv1D: {
    shape: [11, 3],
    layer: (args: object) =>
      layers.conv1d({...args, filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu'}),
  },
  Conv2D: {
    shape: [7, 6, 3],
    layer: (args: object) => layers.conv2d({...args, filters: 5, kernelSize: [3, 2], strides: [2, 1], useBias: false}),
  },
  DepthwiseConv2D: {
    shape: [6, 7, 3],
    layer: (args: object) => layers.depthwiseConv2d({...args, kernelSize: 3, depthMultiplier: 2, padding: 'same'}),
  },
  Conv2DTranspose: {
    shape: [4, 3, 3],
    layer: (args: object) =>
      layers.conv2dTranspose({
        ...args,
        filters: 5,
        kernelSize: [3, 2],
        strides: [2, 3],
        padding: 'same',
        activation: 'relu',
      }),
  },
  SeparableConv2D: {
    shape: [7, 6, 3],
    layer: (args: object) =>
      layers.separableConv2d({...args, filters: 5, kernelSize: 3, strides: 2, padding: 'same', activation: 'tanh'}),
  },
} as const;

/** A layer of a type, and a dense one behind it. */
export function networkOf(kind: keyof typeof PACKED_KINDS, seed = 1): LayersModel {
  const {shape, layer} = PACKED_KINDS[kind];
  const network = sequential({
    layers: [
      layer({inputShape: [...shape], name: 'first'}),
      ...(shape.length > 1 ? [layers.flatten({})] : []),
      layers.dense({units: 3, name: 'last', activation: 'softmax'}),
    ],
  });
  randomize(network, seed);
  return network;
}

/** Options of a quick `spfqQuantize`. */
export const FAST = {samples: 1, sweeps: 1, rounds: 1, pairs: 0} as const;

/** A quantized model. */
export function quantized(
  model: LayersModel,
  x: Tensor | Tensor[],
  options: Partial<SpfqQuantizeOptions>,
): Promise<Compression> {
  return lastValueFrom(compress(model).pipe(calibrate(x), spfqQuantize({...FAST, ...options})));
}

/** A copy of a compression, packed; the given one stays alive. */
export async function packed(
  compression: Compression,
  options?: PackOptions,
  ...more: Array<MonoTypeOperatorFunction<Compression>>
): Promise<Compression> {
  const start = of(copied(compression, await cloneModel(compression.model))).pipe(pack(options));
  return lastValueFrom(more.reduce((stream, stage) => stage(stream), start));
}

function copied(compression: Compression, model: LayersModel): Compression {
  return {
    ...compression,
    model,
    dispose: () => {
      disposeModel(model);
    },
  };
}

/** A model, saved and loaded again by tfjs. */
export async function reloaded(model: LayersModel): Promise<LayersModel> {
  const saved: {artifacts?: io.ModelArtifacts} = {};
  await model.save(
    io.withSaveHandler((artifacts) => {
      saved.artifacts = artifacts;
      return Promise.resolve({modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts)});
    }),
  );
  return loadLayersModel(io.fromMemory(saved.artifacts ?? {}));
}

interface HostBackend {
  disposeData(dataId: object): void;
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** Runs with a kernel that gives wrong numbers, entry by entry, for outputs of some shapes. */
export async function withSpoiltKernel<Result>(
  op: string,
  backendName: string,
  entry: (i: number) => number,
  run: () => Promise<Result>,
  isSpoilt: (shape: readonly number[]) => boolean = () => true,
): Promise<Result> {
  const right = getKernel(op, backendName);
  unregisterKernel(op, backendName);
  registerKernel({
    ...right,
    kernelFunc: (call) => {
      const output = right.kernelFunc(call) as TensorInfo;
      const {shape, dataId} = output;
      if (!isSpoilt(shape)) return output;
      const backend = call.backend as HostBackend;
      backend.disposeData(dataId);
      return backend.makeTensorInfo(
        shape,
        'float32',
        Float32Array.from({length: shape.reduce((product, size) => product * size, 1)}, (_, i) => entry(i)),
      );
    },
  });
  try {
    return await run();
  } finally {
    unregisterKernel(op, backendName);
    registerKernel(right);
  }
}

/** max |a − b| / max |a|. */
export function relativeDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / Math.max(...a.map(Math.abs));
}
