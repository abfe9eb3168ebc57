import type {layers} from '@tensorflow/tfjs-layers';
import {normBehind} from './followingBatchNorm.ts';
import type {Shadow} from '../model/networkPair.ts';
import type {LayerSite} from './targets.ts';

/** Where a constant can be added to every output of a layer. */
export interface BiasPlace {
  /** The layer of the copy that takes it, and the one it stands for. */
  readonly layer: layers.Layer;
  readonly original: layers.Layer;
  /** The index among the layer's weights. */
  readonly weight: number;
  /** 1 for a bias, −1 for the moving mean of a BatchNormalization, which is subtracted. */
  readonly sign: 1 | -1;
}

/**
 * The kernel's own bias; else the moving mean of a BatchNormalization that takes all it gives, and nothing else takes.
 * Without either there is nothing that could take up a mean error.
 */
export function biasPlaceOf({layer, original, kernel, calls}: LayerSite, shadow: Shadow): BiasPlace | undefined {
  if (kernel.bias !== undefined) return {layer, original, weight: kernel.bias, sign: 1};
  const taker = normBehind(original, kernel, calls, shadow.original);
  if (taker === undefined) return undefined;
  const norm = shadow.original.calls[taker].layer;
  // gamma and beta may be missing; moving mean and moving variance are always the last two.
  return {layer: shadow.copy.calls[taker].layer, original: norm, weight: norm.getWeights().length - 2, sign: -1};
}
