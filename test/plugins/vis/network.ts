import {initializers, layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';

/** A network whose first two layers can be pruned, with one layer that no stage touches. */
export function network(): LayersModel {
  const kernelInitializer = initializers.heNormal({seed: 4});
  return sequential({
    name: 'small',
    layers: [
      layers.dense({name: 'first', units: 40, inputShape: [36], activation: 'relu', kernelInitializer}),
      layers.batchNormalization({name: 'norm'}),
      layers.dense({name: 'second', units: 24, activation: 'relu', kernelInitializer}),
      layers.dense({name: 'scores', units: 4, activation: 'softmax', kernelInitializer}),
    ],
  });
}
