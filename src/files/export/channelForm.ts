import type {FoldTarget} from './foldScales.ts';
import {lettersOf, powerOfTwoUnit} from './foldScales.ts';
import {firstExact} from './letterForm.ts';
import type {StoredForm} from './storedForm.ts';

/** A kernel without its steps, and the steps: weight = fround(letter · factor). */
export interface ChannelForm {
  readonly form: StoredForm;
  /** By neuron, of all problems. */
  readonly factors: Float32Array;
}

/**
 * A kernel with one step per channel as uint8 letters and float32 factors, whose float32 products are exactly its
 * weights: letters are multiples of a power of two.
 * @returns undefined if scales are of another kind, or a weight is not its letter times its step
 */
export function findChannelForm(target: FoldTarget, kernel: Float32Array): ChannelForm | undefined {
  const {
    record: {
      matrices,
      alphabet: {lowest, shift},
    },
  } = target;
  if (matrices.some(({scales: {groups, offsets}}) => groups !== 1 || offsets)) return undefined;
  const steps = matrices.flatMap(({scales}) => Array.from(scales.steps));
  const unit = powerOfTwoUnit(steps);
  const letters = lettersOf(target, kernel, unit);
  const min = unit * (lowest + shift);
  const form =
    letters &&
    firstExact(letters, [
      {scale: unit, min},
      {scale: unit / 2, min},
    ]);
  return form && {form, factors: Float32Array.from(steps, (step) => (step > 0 ? step / unit : 1))};
}
