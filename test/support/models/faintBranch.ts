import {tensor2d, tidy} from '@tensorflow/tfjs-core';
import {input, layers, type LayersModel, model, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {gaussians} from '../numerics/randomMatrices.ts';

/**
 * y = xW + 0.01 · xW with the same W `[6, 8]` in the layers `loud` and `faint`: in the outputs, an error of `faint` is
 * 1/100 of the same error of `loud`. The factor is a layer `factor` `[8, 8]`.
 */
export function faintBranch(): LayersModel {
  const next = gaussians(7);
  const weights = Array.from({length: 6}, () => Array.from({length: 8}, next));
  const x = input({shape: [6]});
  const dense = (name: string) => layers.dense({name, units: 8, useBias: false});
  const [loud, faint, factor] = [dense('loud'), dense('faint'), dense('factor')];
  const small = factor.apply(faint.apply(x)) as SymbolicTensor;
  const sum = layers.add().apply([loud.apply(x) as SymbolicTensor, small]) as SymbolicTensor;
  const network = model({inputs: x, outputs: sum});
  const identity = Array.from({length: 8}, (_, i) => Array.from({length: 8}, (__, j) => (i === j ? 0.01 : 0)));
  tidy(() => {
    loud.setWeights([tensor2d(weights)]);
    faint.setWeights([tensor2d(weights)]);
    factor.setWeights([tensor2d(identity)]);
  });
  return network;
}
