import type {Alphabet} from './alphabet.ts';

/** A stochastic operator T in units of the step: from y = x / step to a code of the alphabet. */
export interface StochasticOperator {
  /** Unique; part of the key of every shader that contains the operator. */
  readonly name: string;
  /**
   * The code of T(step · y): T gives step · (code + shift).
   * @param y the argument in steps
   * @param uniform the random number that decides, on [0, 1)
   * @param alphabet the letters; for an operator that only prunes, {@link reals}
   * @param deadZone c / step, for operators that prune: arguments up to this size become 0 or grow to it. Default 0
   */
  code(y: number, uniform: number, alphabet: Alphabet, deadZone?: number): number;
  /** Whether T uses the random number. */
  readonly random: boolean;
  /**
   * The WGSL counterpart of {@link code}: `fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32,
   * deadZone : f32) -> f32`.
   */
  readonly wgsl: string;
}
