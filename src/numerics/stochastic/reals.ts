import type {Alphabet} from './alphabet.ts';

/** The alphabet of an operator that only prunes: every number is its own letter, with step 1. */
export const reals: Alphabet = {
  levels: Infinity,
  layout: 'symmetric',
  lowest: -Infinity,
  highest: Infinity,
  shift: 0,
  step: 1,
};
