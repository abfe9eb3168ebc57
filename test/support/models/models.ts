import {mul, randomNormal, type Tensor, tensor2d, tensor3d, tidy} from '@tensorflow/tfjs-core';
import {
  initializers,
  input,
  layers,
  type LayersModel,
  model,
  sequential,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';

/** A model and inputs for it. */
export interface Example {
  readonly model: LayersModel;
  readonly inputs: Tensor[];
}

const samples = 5;
let seed = 0;
const seeded = () => initializers.randomNormal({seed: ++seed, mean: 0, stddev: 0.4});
const dense = (units: number) =>
  layers.dense({units, activation: 'tanh', kernelInitializer: seeded(), biasInitializer: seeded()});
const rows = (width: number): Tensor => randomNormal([samples, width], 0, 1, 'float32', ++seed);
const apply = (layer: layers.Layer, on: SymbolicTensor | SymbolicTensor[]) => layer.apply(on) as SymbolicTensor;
const functional = (inputs: SymbolicTensor | SymbolicTensor[], outputs: SymbolicTensor | SymbolicTensor[]) =>
  model({inputs, outputs});

/** Dense layers one after the other. */
export function chain(units: readonly number[], width = 6): LayersModel {
  const x = input({shape: [width]});
  return functional(
    x,
    units.reduce((on, size) => apply(dense(size), on), x),
  );
}

/** A block 6 → 4 as a model of its own. */
function block(): LayersModel {
  return chain([5, 4]);
}

/** Models of every shape of graph that can be walked, by the fact that they stand for. */
export const examples: Readonly<Record<string, () => Example>> = {
  'a Sequential': () => ({
    model: sequential({
      layers: [
        layers.dense({inputShape: [6], units: 5, activation: 'tanh', kernelInitializer: seeded()}),
        layers.dropout({rate: 0.5}),
        dense(3),
      ],
    }),
    inputs: [rows(6)],
  }),
  'a convnet with BatchNormalization': () => ({
    model: sequential({
      layers: [
        layers.conv2d({inputShape: [8, 8, 2], filters: 3, kernelSize: 3, padding: 'same', kernelInitializer: seeded()}),
        layers.batchNormalization(),
        layers.reLU(),
        layers.maxPooling2d({poolSize: 2}),
        layers.depthwiseConv2d({kernelSize: 3, depthwiseInitializer: seeded()}),
        layers.flatten(),
        dense(4),
      ],
    }),
    inputs: [randomNormal([samples, 8, 8, 2], 0, 1, 'float32', ++seed)],
  }),
  'branches, a residual add and a concatenation': () => {
    const x = input({shape: [6]});
    const left = apply(dense(6), x),
      right = apply(dense(4), x);
    const residual = apply(layers.add(), [x, left]);
    return {
      model: functional(x, apply(dense(3), apply(layers.concatenate(), [residual, right, left]))),
      inputs: [rows(6)],
    };
  },
  'several inputs and outputs': () => {
    const a = input({shape: [6]}),
      b = input({shape: [3]});
    const joined = apply(layers.concatenate(), [apply(dense(4), a), b]);
    return {
      model: functional([a, b], [apply(dense(2), joined), joined, apply(dense(5), b)]),
      inputs: [rows(6), rows(3)],
    };
  },
  'an output that is also used inside': () => {
    const x = input({shape: [6]});
    const middle = apply(dense(5), x);
    return {model: functional(x, [middle, apply(dense(2), middle)]), inputs: [rows(6)]};
  },
  'an input that is an output': () => {
    const x = input({shape: [6]});
    return {model: functional(x, [x, apply(dense(2), x)]), inputs: [rows(6)]};
  },
  'a layer called twice': () => {
    const a = input({shape: [6]}),
      b = input({shape: [6]});
    const shared = dense(4);
    return {
      model: functional([a, b], apply(dense(2), apply(layers.add(), [apply(shared, a), apply(shared, b)]))),
      inputs: [rows(6), rows(6)],
    };
  },
  'a layer called on its own output': () => {
    const x = input({shape: [6]});
    const shared = dense(6);
    return {model: functional(x, apply(shared, apply(shared, x))), inputs: [rows(6)]};
  },
  'a Sequential in a functional model': () => {
    const x = input({shape: [6]});
    const nested = sequential({
      layers: [layers.dense({inputShape: [6], units: 5, kernelInitializer: seeded()}), dense(4)],
    });
    return {model: functional(x, apply(dense(2), apply(nested, x))), inputs: [rows(6)]};
  },
  'a model in a model in a model': () => {
    const inner = input({shape: [6]});
    const middle = functional(inner, apply(dense(5), apply(block(), inner)));
    const x = input({shape: [6]});
    return {model: functional(x, apply(dense(2), apply(middle, x))), inputs: [rows(6)]};
  },
  'one model called twice': () => {
    const a = input({shape: [6]}),
      b = input({shape: [6]});
    const twice = block();
    return {
      model: functional([a, b], apply(layers.concatenate(), [apply(twice, a), apply(twice, b)])),
      inputs: [rows(6), rows(6)],
    };
  },
  'a nested model with several inputs and outputs': () => {
    const p = input({shape: [6]}),
      q = input({shape: [3]});
    const nested = functional([p, q], [apply(dense(4), apply(layers.concatenate(), [p, q])), apply(dense(5), q)]);
    const a = input({shape: [6]}),
      b = input({shape: [3]});
    const [left, right] = nested.apply([a, b]) as SymbolicTensor[];
    return {
      model: functional([a, b], apply(dense(2), apply(layers.concatenate(), [right, left]))),
      inputs: [rows(6), rows(3)],
    };
  },
  'a model as first layer of a Sequential': () => ({
    model: sequential({layers: [block(), dense(2)]}),
    inputs: [rows(6)],
  }),
  'a Sequential as first layer of a Sequential': () => ({
    model: sequential({
      layers: [
        sequential({layers: [layers.dense({inputShape: [6], units: 5, kernelInitializer: seeded()}), dense(4)]}),
        dense(2),
      ],
    }),
    inputs: [rows(6)],
  }),
  'masked steps, from an Embedding to an LSTM': () => ({
    model: sequential({
      layers: [
        layers.embedding({inputDim: 7, outputDim: 4, maskZero: true, inputLength: 5, embeddingsInitializer: seeded()}),
        layers.lstm({units: 3, returnSequences: true, kernelInitializer: seeded(), recurrentInitializer: seeded()}),
        layers.dropout({rate: 0.2}),
        layers.lstm({units: 3, kernelInitializer: seeded(), recurrentInitializer: seeded()}),
        dense(2),
      ],
    }),
    inputs: [
      tensor2d([
        [1, 2, 0, 0, 0],
        [3, 4, 5, 6, 0],
        [1, 0, 0, 0, 0],
        [6, 6, 6, 6, 6],
        [2, 3, 4, 0, 0],
      ]),
    ],
  }),
  'masked steps, from a Masking layer to two branches': () => {
    const x = input({shape: [4, 3]});
    const masked = apply(layers.masking({maskValue: 0}), x);
    const recurrent = () => layers.gru({units: 3, kernelInitializer: seeded(), recurrentInitializer: seeded()});
    return {
      model: functional(
        x,
        apply(layers.add(), [
          apply(recurrent(), masked),
          apply(recurrent(), apply(layers.dense({units: 3, kernelInitializer: seeded()}), masked)),
        ]),
      ),
      inputs: [
        tidy(() => mul(randomNormal([samples, 4, 3], 0, 1, 'float32', ++seed), tensor3d([[[1], [1], [0], [0]]]))),
      ],
    };
  },
  'a decoder that starts from the states of an encoder': () => {
    const source = input({shape: [4, 3]}),
      goal = input({shape: [5, 2]});
    const recurrent = (options: object) =>
      layers.lstm({units: 3, kernelInitializer: seeded(), recurrentInitializer: seeded(), ...options});
    const [, hidden, cell] = recurrent({returnState: true}).apply(source) as SymbolicTensor[];
    const decoded = recurrent({returnSequences: true}).apply(goal, {initialState: [hidden, cell]}) as SymbolicTensor;
    return {
      model: functional([source, goal], apply(dense(2), decoded)),
      inputs: [
        randomNormal([samples, 4, 3], 0, 1, 'float32', ++seed),
        randomNormal([samples, 5, 2], 0, 1, 'float32', ++seed),
      ],
    };
  },
  'wrapped layers': () => ({
    model: sequential({
      layers: [
        layers.timeDistributed({inputShape: [4, 3], layer: dense(5)}),
        layers.bidirectional({
          layer: layers.simpleRNN({units: 3, kernelInitializer: seeded(), recurrentInitializer: seeded()}),
          mergeMode: 'concat',
        }),
        dense(2),
      ],
    }),
    inputs: [randomNormal([samples, 4, 3], 0, 1, 'float32', ++seed)],
  }),
  'layers that the outputs do not need': () => {
    const x = input({shape: [6]});
    const used = apply(dense(4), x);
    apply(layers.reLU(), used);
    return {model: functional(x, apply(dense(2), used)), inputs: [rows(6)]};
  },
};
