import {add, dispose, mul, tensor, tidy} from '@tensorflow/tfjs-core';
import type {BiasTarget} from '../../calibration/biasTarget.ts';
import {type CompressionTarget, kernelWeight} from '../../calibration/targets.ts';
import type {NetworkPair} from '../../model/networkPair.ts';
import type {Matrix} from '../../numerics/linalg/matrix.ts';

/** New weights of a layer, one matrix per problem. */
export interface NewWeights {
  readonly values: readonly Matrix[];
  /** The shift of the bias from that of the original, 0 where undefined; absent: biases stay as they are. */
  readonly shifts?: ReadonlyArray<Float64Array | undefined> | undefined;
}

/**
 * Puts new weights into a layer of the shadow, and the shift of its bias into the weight that can take it up. Shifts
 * start from the bias of the original, because the shift of an earlier stage belongs to the weights of that stage.
 */
export function rewriteLayer(
  {shadowLayer, kernel}: CompressionTarget,
  biasTarget: BiasTarget | undefined,
  {values, shifts}: NewWeights,
  networks: NetworkPair,
): void {
  const {shape} = kernelWeight(shadowLayer, kernel);
  const rewritten = tensor(kernel.fromMatrices(values, shape), shape);
  networks.rewrite(
    shadowLayer,
    shadowLayer.getWeights().map((old, i) => (i === kernel.weight ? rewritten : old)),
  );
  dispose(rewritten);
  if (!biasTarget || !shifts) return;
  const {layer: consumer, original: before, weight, sign} = biasTarget;
  const shift = Float32Array.from(shifts.flatMap((part, p) => Array.from(part ?? new Float64Array(values[p].columns))));
  const bias = tidy(() => {
    const from = before.getWeights()[weight];
    return add(from, mul(sign, tensor(shift, from.shape)));
  });
  networks.rewrite(
    consumer,
    consumer.getWeights().map((old, i) => (i === weight ? bias : old)),
  );
  bias.dispose();
}
