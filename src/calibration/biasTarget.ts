import type {layers} from '@tensorflow/tfjs-layers';
import type {NetworkPair} from '../model/networkPair.ts';
import {followingBatchNorm} from './followingBatchNorm.ts';
import type {CompressionTarget} from './targets.ts';

/** Where a constant can be added to every output of a layer. */
export interface BiasTarget {
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
