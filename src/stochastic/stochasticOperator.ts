import type {Alphabet} from '../numerics/alphabet.ts';

/** A stochastic operator T in units of the step: from y = x / step to a code of the alphabet. */
export interface StochasticOperator {
  /** Unique; part of the key of every shader that contains the operator. */
  readonly name: string;
  /**
   * The code of T(step · y).
   * @param y the argument in steps
   * @param uniform the random number that decides, on [0, 1)
   */
  code(y: number, uniform: number, alphabet: Alphabet): number;
  /** Whether T asks for a random number at all. */
  readonly random: boolean;
  /** The WGSL twin of {@link code}: `fn codeOf(y : f32, uniform : f32, lowest : f32, highest : f32, shift : f32) -> f32`. */
  readonly wgsl: string;
}
