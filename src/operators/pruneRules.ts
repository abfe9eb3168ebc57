import type {LayerFilter, LayerInfo} from '../calibration/targets.ts';
import type {NofM, Pattern} from '../numerics/linalg/mask.ts';
import type {OptionRule} from '../options.ts';
import {layerFilter, type LayerSelection} from './layerSelection.ts';

/** Where zeros may lie: anywhere, or such that n of every m neighbouring features of a neuron are kept. */
export type PatternOption = 'unstructured' | '2:4' | '4:8' | NofM;

/** With fewer features a neuron cannot compensate for its zeros. */
const MIN_FEATURES = 32;

/** The rule of the option `sparsity`. */
export const sparsityRule: OptionRule<number | undefined> = {
  fallback: undefined,
  expected: 'a number from 0 up to, not including, 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value < 1,
};

/** The rule of the option `pattern`. */
export const patternRule: OptionRule<PatternOption> = {
  fallback: 'unstructured',
  expected: "'unstructured', '2:4', '4:8' or {n, m} with whole numbers 1 ≤ n < m ≤ 64",
  accepts: (value) => value === 'unstructured' || value === '2:4' || value === '4:8' || isNofM(value),
};

function isNofM(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('n' in value && 'm' in value) || Object.keys(value).length !== 2)
    return false;
  const {n, m} = value;
  return Number.isInteger(n) && Number.isInteger(m) && Number(n) >= 1 && Number(n) < Number(m) && Number(m) <= 64;
}

/** A pattern in numbers. */
export function patternOf(option: PatternOption): Pattern {
  if (option === '2:4') return {n: 2, m: 4};
  return option === '4:8' ? {n: 4, m: 8} : option;
}

/**
 * A filter that tells why a layer is not pruned: it was not selected, or, without `include`, pruning it would do harm.
 */
export function pruneFilter(
  pattern: Pattern,
  include: LayerSelection | undefined,
  exclude: LayerSelection | undefined,
): LayerFilter {
  const chosen = layerFilter(include, exclude);
  return (layer, info) => chosen(layer, info) ?? (include === undefined ? denseReason(pattern, info) : undefined);
}

function denseReason(pattern: Pattern, {features, isLast, keepDenseReason}: LayerInfo): string | undefined {
  if (keepDenseReason !== undefined) return keepDenseReason;
  if (isLast)
    return 'the output layer stays dense, because zeros there starve single outputs; `include` overrides this';
  if (features < MIN_FEATURES)
    return `${features} features, fewer than ${MIN_FEATURES}, stay dense; \`include\` overrides this`;
  if (pattern !== 'unstructured' && features % pattern.m !== 0)
    return `${features} features cannot be divided by the ${pattern.m} of pattern ${pattern.n}:${pattern.m}`;
  return undefined;
}
