import type {layers} from '@tensorflow/tfjs-layers';
import {adapterFor, supportedClassNames} from '../layers/index.ts';
import type {LayerAdapter} from '../layers/adapter.ts';
import type {CallList} from './calls.ts';
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
  readonly place: LayerPlace;
}

/** Numbers in one row of X, over all problems of the layer. */
export function rowWidth({original, adapter}: Pick<LayerSite, 'original' | 'adapter'>): number {
  const kernel = original.getWeights()[0];
  return kernel.size / adapter.neurons(kernel.shape);
}

/** A layer with weights that a stage leaves as it is. */
export interface SkippedLayer {
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type. */
  readonly className: string;
  /** Why it was left alone. */
  readonly reason: string;
}

/** Says why a layer is left out, or nothing if it is in. */
export type LayerFilter = (layer: layers.Layer, place: LayerPlace) => string | undefined;

/** Where a layer stands among those of its model that could be compressed. */
export interface LayerPlace {
  /** Its number, from 0. */
  readonly index: number;
  /** How many there are. */
  readonly total: number;
  /** The fan-in of its neurons. */
  readonly features: number;
  /** Whether no other of these layers comes after it. */
  readonly isLast: boolean;
}

/** The calls of a model, and of the copy that is rewritten. */
export type Networks = Pick<Shadow, 'original' | 'copy'>;

/** The layers of a model that a stage rewrites, in the order of their first call, and those it does not, each with the reason. */
export function findSites(shadow: Networks, exclusion: LayerFilter): {sites: LayerSite[]; skipped: SkippedLayer[]} {
  const candidates: Candidate[] = [];
  const skipped: SkippedLayer[] = [];
  for (const [layer, calls] of callsByLayer(shadow)) {
    const adapter = adapterFor(layer);
    if (adapter) candidates.push({number: candidates.length, layer, original: shadow.original.calls[calls[0]].layer, adapter, calls});
    else if (layer.weights.length > 0) skipped.push({...nameOf(layer), reason: unsupported(layer)});
  }
  const sites = candidates.map((site): LayerSite => ({...site, place: placeOf(site, candidates, shadow)})).filter(({layer, place}) => {
    const reason = exclusion(layer, place);
    if (reason !== undefined) skipped.push({...nameOf(layer), reason});
    return reason === undefined;
  });
  return {sites, skipped};
}

type Candidate = Omit<LayerSite, 'place'>;

function placeOf(site: Candidate, all: readonly Candidate[], {original: {calls}}: Networks): LayerPlace {
  const others = new Set(all.filter((other) => other !== site).flatMap((other) => other.calls));
  return {index: site.number, total: all.length, features: featuresOf(site), isLast: !reaches(calls, site.calls, others)};
}

/** Rows of each of its weight matrices. */
function featuresOf(site: Candidate): number {
  return rowWidth(site) / site.adapter.problems(site.original.getWeights()[0].shape);
}

/** Whether what the calls `from` give flows into one of the calls `to`. */
function reaches(calls: CallList['calls'], from: readonly number[], to: ReadonlySet<number>): boolean {
  const values = new Set(from.flatMap((call) => calls[call].outputs));
  return calls.some(({inputs, outputs}, call) => {
    if (!inputs.some((value) => values.has(value))) return false;
    outputs.forEach((value) => values.add(value));
    return to.has(call);
  });
}

function callsByLayer(shadow: Networks): Map<layers.Layer, number[]> {
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
