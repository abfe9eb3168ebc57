import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {PackedInputs} from '../../../src/ops/packed/packedOps.ts';

/** The buffers of the programs of packed ops, as their WGSL names them. */
export type PackedBuffer = 'x' | 'codes' | 'steps' | 'offsets' | 'bias';

/** What a packed op may be called without. */
export interface OptionalBuffers {
  readonly offsets: boolean;
  readonly bias: boolean;
}

/** The buffers that a program binds. */
export function boundBuffers({offsets, bias}: OptionalBuffers): PackedBuffer[] {
  const names: PackedBuffer[] = ['x', 'codes', 'steps'];
  if (offsets) names.push('offsets');
  if (bias) names.push('bias');
  return names;
}

export function optionalBuffers({offsets, bias}: PackedInputs): OptionalBuffers {
  return {offsets: offsets !== undefined, bias: bias !== undefined};
}

/**
 * A tensor for every name, because the type of a run asks for all. Its program binds only its {@link boundBuffers}:
 * `steps` stands in for what the op was called without, and is never read as that.
 */
export function packedBuffers(inputs: PackedInputs): Readonly<Record<PackedBuffer, TensorInfo>> {
  const {x, codes, steps, offsets = steps, bias = steps} = inputs;
  return {x, codes, steps, offsets, bias};
}
