import type {FusedActivation} from '../../../src/ops/packed/packedOps.ts';

/**
 * WGSL: what a group of features adds to a sum,
 *
 *     step Σ_t x_t z_t + offset Σ_t x_t,   z = letter + origin.
 *
 * Letters are small exact numbers, so that steps are multiplied once per group.
 */
export function groupSum(hasOffsets: boolean): string {
  return /* wgsl */ `
  fn groupSum(sum : f32, plain : f32, cell : i32) -> f32 {
    return sum * steps[cell]${hasOffsets ? ' + plain * offsets[cell]' : ''};
  }`;
}

/** WGSL: what happens to a sum before it is written. */
export function epilogue(hasBias: boolean, activation: FusedActivation): string {
  return /* wgsl */ `
  fn epilogue(sum : f32, output : i32) -> f32 {
    return ${activationCode(activation, hasBias ? 'sum + bias[output]' : 'sum')};
  }`;
}

/** WGSL of the activations that packed kernels compute themselves. */
export function activationCode(activation: FusedActivation, sum: string): string {
  if (activation === 'relu') return `max(${sum}, 0.0)`;
  return activation === 'relu6' ? `clamp(${sum}, 0.0, 6.0)` : sum;
}
