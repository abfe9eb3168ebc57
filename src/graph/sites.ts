import type {layers} from '@tensorflow/tfjs-layers';
import {adapterFor, supportedClassNames} from '../layers/index.ts';
import type {LayerAdapter} from '../layers/adapter.ts';
import type {Shadow} from './shadow.ts';

/** A layer that a stage rewrites, with all its calls: a shared layer is one site. */
export interface LayerSite {
  /** The number of the layer among those of its model that could be compressed; what random numbers depend on. */
  readonly number: number;
  /** The layer of the copy, and the one it stands for. */
  readonly layer: layers.Layer;
  readonly original: layers.Layer;
  readonly adapter: LayerAdapter;
  /** Numbers of its calls, ascending. */
  readonly calls: readonly number[];
}

/** Numbers in one row of X, over all problems of the layer. */
export function rowWidth({original, adapter}: LayerSite): number {
  const kernel = original.getWeights()[0];
  return kernel.size / adapter.neurons(kernel.shape);
}

/** A layer with weights that stays as it is. */
export interface SkippedLayer {
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type. */
  readonly className: string;
  /** Why it was left alone. */
  readonly reason: string;
}

/** Says why a layer is left out, or nothing if it is in. */
export type LayerFilter = (layer: layers.Layer, place: {readonly index: number; readonly total: number}) => string | undefined;

/** The layers of a model that a stage rewrites, in the order of their first call, and those it does not, each with the reason. */
export function findSites(shadow: Shadow, exclusion: LayerFilter): {sites: LayerSite[]; skipped: SkippedLayer[]} {
  const candidates: LayerSite[] = [];
  const skipped: SkippedLayer[] = [];
  for (const [layer, calls] of callsByLayer(shadow)) {
    const adapter = adapterFor(layer);
    if (adapter) candidates.push({number: candidates.length, layer, original: shadow.original.calls[calls[0]].layer, adapter, calls});
    else if (layer.weights.length > 0) skipped.push({...nameOf(layer), reason: unsupported(layer)});
  }
  const sites = candidates.filter((site, index) => {
    const reason = exclusion(site.layer, {index, total: candidates.length});
    if (reason !== undefined) skipped.push({...nameOf(site.layer), reason});
    return reason === undefined;
  });
  return {sites, skipped};
}

function callsByLayer(shadow: Shadow): Map<layers.Layer, number[]> {
  const calls = new Map<layers.Layer, number[]>();
  shadow.copy.calls.forEach(({layer}, index) => calls.set(layer, [...(calls.get(layer) ?? []), index]));
  return calls;
}

function nameOf(layer: layers.Layer): {name: string; className: string} {
  return {name: layer.name, className: layer.getClassName()};
}

function unsupported(layer: layers.Layer): string {
  return layer.getClassName() === 'BatchNormalization'
    ? 'has no weight matrix'
    : `unsupported layer type; supported are ${supportedClassNames().join(', ')}`;
}
