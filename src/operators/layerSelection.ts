import type {layers} from '@tensorflow/tfjs-layers';
import type {LayerFilter, LayerInfo} from '../calibration/targets.ts';
import type {OptionRule} from '../options.ts';

/** Whether a layer is selected. */
export type LayerPredicate = (layer: layers.Layer, info: LayerInfo) => boolean;

/**
 * Layers by name, by pattern of the name, by predicate, or by any of several of these. The name of a layer with several
 * kernels selects all, a name like `lstm/recurrent_kernel` one of them.
 */
export type LayerSelection = string | RegExp | LayerPredicate | ReadonlyArray<string | RegExp | LayerPredicate>;

/** The rule of the options `include` and `exclude`. */
export const selectionRule: OptionRule<LayerSelection | undefined> = {
  fallback: undefined,
  expected: 'a name, a RegExp, a predicate, or a list of these',
  accepts: (value) => (Array.isArray(value) ? value.length > 0 && value.every(isSelector) : isSelector(value)),
};

/** A filter that tells why a layer is left out; undefined selects it. */
export function layerFilter(include: LayerSelection | undefined, exclude: LayerSelection | undefined): LayerFilter {
  return (layer, info) => {
    if (include !== undefined && !selects(include, layer, info)) return 'not in `include`';
    if (exclude !== undefined && selects(exclude, layer, info)) return 'in `exclude`';
    return undefined;
  };
}

/** The names in a selection. */
export function namesIn(selection: LayerSelection | undefined): string[] {
  return selection === undefined ? [] : selectorsOf(selection).filter((selector) => typeof selector === 'string');
}

function selectorsOf(selection: LayerSelection): ReadonlyArray<string | RegExp | LayerPredicate> {
  return typeof selection === 'string' || typeof selection === 'function' || selection instanceof RegExp
    ? [selection]
    : selection;
}

function selects(selection: LayerSelection, layer: layers.Layer, info: LayerInfo): boolean {
  return selectorsOf(selection).some((selector) => {
    if (typeof selector === 'string') return selector === layer.name || selector === info.name;
    // Not `test`, which remembers its position with the flag `g`.
    return typeof selector === 'function' ? selector(layer, info) : info.name.search(selector) >= 0;
  });
}

function isSelector(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'function' || value instanceof RegExp;
}
