import {mean, mul, square, sub, type Tensor, tensor1d, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {normalizesLastAxis} from '../layers/adapter/channelAxis.ts';
import type {NetworkPair} from '../model/networkPair.ts';
import {type ChannelMoments, matchedNorm} from '../numerics/correction/matchedNorm.ts';
import type {CallInputs} from './activations.ts';
import type {WalkVisitor} from './layerWalk.ts';

/** A visitor and the name of the layer that it rewrites. */
export interface BatchNormVisitor extends WalkVisitor {
  readonly name: string;
}

/**
 * A visitor for every BatchNormalization over the last axis. It re-estimates the moving mean and variance so that the
 * outputs of the layer in the shadow are as close as possible to those in the original ({@link matchedNorm}).
 */
export function batchNormVisitors(networks: NetworkPair): BatchNormVisitor[] {
  const {calls} = networks.original;
  const norms = new Set(calls.map(({layer}) => layer).filter((layer) => normalizesLastAxis(layer)));
  return [...norms].map((norm) => {
    const own = calls.flatMap(({layer}, index) => (layer === norm ? [index] : []));
    return {
      name: norm.name,
      calls: own,
      open: () => new BatchNormPass(norm, networks.shadow.calls[own[0]].layer, networks),
    };
  });
}

/** Sums over all rows, of differences from the moving mean, so that float32 keeps their digits. */
class BatchNormPass {
  private rows = 0;
  private sums: Float64Array[] = [];
  private hasDiverged = false;

  constructor(
    private readonly norm: layers.Layer,
    private readonly counterpart: layers.Layer,
    private readonly networks: NetworkPair,
  ) {}

  async add({tensors: [original]}: CallInputs, {tensors: [shadow]}: CallInputs): Promise<void> {
    this.hasDiverged ||= original !== shadow;
    const rows = original.size / original.shape[original.rank - 1];
    const means = tidy(() => momentsOf(original, shadow, this.weight(-2)));
    try {
      const values = await Promise.all(means.map((one) => one.data<'float32'>()));
      this.sums = values.map((channel, k) =>
        Float64Array.from(channel, (value, c) => (this.sums.at(k)?.[c] ?? 0) + rows * value),
      );
      this.rows += rows;
    } finally {
      means.forEach((one) => {
        one.dispose();
      });
    }
  }

  async finish(): Promise<void> {
    if (!this.hasDiverged) return;
    const [movingMean, movingVariance] = await Promise.all([
      this.weight(-2).data<'float32'>(),
      this.weight(-1).data<'float32'>(),
    ]);
    const epsilon = Number(this.norm.getConfig().epsilon);
    const matched = Array.from(movingMean, (movedMean, c) =>
      matchedNorm({mean: movedMean, variance: movingVariance[c]}, epsilon, this.channel(c)),
    );
    const rewritten = [tensor1d(matched.map(({mean: one}) => one)), tensor1d(matched.map(({variance}) => variance))];
    this.networks.rewrite(this.counterpart, [...this.counterpart.getWeights().slice(0, -2), ...rewritten]);
    rewritten.forEach((one) => {
      one.dispose();
    });
  }

  dispose(): void {
    this.sums = [];
  }

  /** gamma and beta may be missing; the moving mean and the moving variance are the last two. */
  private weight(fromEnd: -1 | -2): Tensor {
    const weights = this.norm.getWeights();
    return weights[weights.length + fromEnd];
  }

  private channel(c: number): ChannelMoments {
    const [own, shadow, square_, product] = this.sums.map((sum) => sum[c] / this.rows);
    return {mean: own, shadowMean: shadow, shadowVariance: square_ - shadow ** 2, covariance: product - own * shadow};
  }
}

/** Means of x, x̃, x̃² and x·x̃ over all axes but the last, with the moving mean subtracted from x and x̃. */
function momentsOf(original: Tensor, shadow: Tensor, movingMean: Tensor): Tensor[] {
  const axes = original.shape.map((_, axis) => axis).slice(0, -1);
  const [x, y] = [sub(original, movingMean), sub(shadow, movingMean)];
  return [x, y, square(y), mul(x, y)].map((one) => mean(one, axes));
}
