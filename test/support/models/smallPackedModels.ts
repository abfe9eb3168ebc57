import type {io} from '@tensorflow/tfjs-core';
import {type Tensor} from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  layers,
  type LayersModel,
  model,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import {firstValueFrom, identity} from 'rxjs';
import {calibrate, compress, pack, spfqPrune, spfqQuantize, type SpfqQuantizeOptions} from 'tfjs-compress';
import {gaussianTensor, randomize} from './smallNetworks.ts';

/** How a small model is compressed before it is packed. */
interface Packing {
  readonly network: () => LayersModel;
  readonly shape: number[];
  readonly sparsity?: number;
  readonly pattern?: '2:4';
  readonly letters?: Partial<SpfqQuantizeOptions>;
}

function denseLayers(): LayersModel {
  const network = sequential({
    layers: [
      layers.dense({name: 'hidden', units: 5, inputShape: [8], activation: 'relu'}),
      layers.dense({name: 'scores', units: 3, useBias: false}),
    ],
  });
  randomize(network, 5);
  return network;
}

function convnet(): LayersModel {
  const network = sequential({
    layers: [
      layers.conv2d({
        name: 'conv',
        inputShape: [5, 5, 2],
        filters: 3,
        kernelSize: 2,
        kernelInitializer: initializers.randomNormal({seed: 3}),
      }),
      layers.batchNormalization({name: 'norm'}),
      layers.reLU({name: 'relu'}),
      layers.depthwiseConv2d({
        name: 'depthwise',
        kernelSize: 2,
        depthwiseInitializer: initializers.randomNormal({seed: 4}),
      }),
      layers.flatten({name: 'flat'}),
      layers.dense({name: 'scores', units: 2, kernelInitializer: initializers.randomNormal({seed: 5})}),
    ],
  });
  return network;
}

function residual(): LayersModel {
  const x = input({name: 'x', shape: [6]});
  const hidden = layers.dense({name: 'hidden', units: 6}).apply(x) as SymbolicTensor;
  const sum = layers.add({name: 'sum'}).apply([x, hidden]) as SymbolicTensor;
  const network = model({inputs: x, outputs: layers.dense({name: 'scores', units: 2}).apply(sum) as SymbolicTensor});
  randomize(network, 7);
  return network;
}

const quick = {samples: 1, sweeps: 1} as const;

/** Small packed models of every way to write weights down, by what they are. */
export const packings: Readonly<Record<string, Packing>> = {
  'dense layers, two bits, half of them pruned': {
    network: denseLayers,
    shape: [8],
    sparsity: 0.5,
    letters: {...quick, bits: 2},
  },
  'dense layers, four bits with offsets': {
    network: denseLayers,
    shape: [8],
    letters: {...quick, bits: 4, symmetric: false},
  },
  'dense layers, pruned 2:4 to float32': {network: denseLayers, shape: [8], pattern: '2:4'},
  'a residual network, one bit': {network: residual, shape: [6], letters: {...quick, bits: 1}},
  'a convnet with BatchNormalization, three letters': {
    network: convnet,
    shape: [5, 5, 2],
    letters: {...quick, bits: 'ternary'},
  },
};

/** A packed model; whoever asks for it disposes of it. */
export async function packedModel({network, shape, sparsity, pattern, letters}: Packing): Promise<LayersModel> {
  const original = network();
  const inputs = gaussianTensor([24, ...shape], 6);
  const include = /hidden|conv/;
  const prune = pattern
    ? spfqPrune({pattern, include})
    : sparsity === undefined
      ? identity
      : spfqPrune({sparsity, include});
  const packed = await firstValueFrom(
    compress(original).pipe(calibrate(inputs), prune, letters ? spfqQuantize(letters) : identity, pack()),
  );
  inputs.dispose();
  original.dispose();
  return packed.model;
}

export {collectArtifacts} from '../../../src/artifacts/collectArtifacts.ts';

/** A handler that gives artifacts, or whatever else. */
export function giving(artifacts: unknown): io.IOHandler {
  return {load: () => Promise.resolve(artifacts as io.ModelArtifacts)};
}

/** The bits of every weight, by the name under which it is saved. */
export async function bitsOf(model: LayersModel): Promise<Map<string, string>> {
  return new Map(
    await Promise.all(
      model.weights.map(async (weight) => {
        const tensor: Tensor = weight.read();
        const {buffer, byteOffset, byteLength} = await tensor.data();
        return [weight.originalName, Buffer.from(buffer, byteOffset, byteLength).toString('hex')] as const;
      }),
    ),
  );
}
