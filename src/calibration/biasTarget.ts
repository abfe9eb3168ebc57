import type {layers} from '@tensorflow/tfjs-layers';
import type {NetworkPair} from '../model/networkPair.ts';
import {followingBatchNorm} from './followingBatchNorm.ts';
import type {CompressionTarget} from './targets.ts';

/** The weight by which a constant can be added to every output of a layer. */
export interface BiasTarget {
  /** The layer of the shadow that has the weight. */
  readonly layer: layers.Layer;
  /** Its counterpart in the original network. */
  readonly original: layers.Layer;
  /** The index among the layer's weights. */
  readonly weight: number;
  /** 1 for a bias, −1 for the moving mean of a BatchNormalization, which is subtracted. */
  readonly sign: 1 | -1;
}

/**
 * The weight that can take up the mean error of a target: its bias, or else the moving mean of the BatchNormalization
 * that follows it. Undefined without either.
 */
export function findBiasTarget(
  {shadowLayer, originalLayer, kernel, calls}: CompressionTarget,
  networks: NetworkPair,
): BiasTarget | undefined {
  if (kernel.bias !== undefined) return {layer: shadowLayer, original: originalLayer, weight: kernel.bias, sign: 1};
  const consumer = followingBatchNorm(originalLayer, kernel, calls, networks.original);
  if (consumer === undefined) return undefined;
  const norm = networks.original.calls[consumer].layer;
  // gamma and beta may be missing; moving mean and moving variance are always the last two.
  return {layer: networks.shadow.calls[consumer].layer, original: norm, weight: norm.getWeights().length - 2, sign: -1};
}
