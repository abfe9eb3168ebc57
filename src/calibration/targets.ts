import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter} from '../layers/adapter/kernelAdapter.ts';
import {asOwnLayer} from '../layers/adapter/ownLayer.ts';
import {adapterFor, kernelsOf, supportedClassNames} from '../layers/registry.ts';
import type {CallList} from '../model/callList.ts';
import type {NetworkPair} from '../model/networkPair.ts';
import type {SkippedLayer} from '../records.ts';

/** A kernel that a stage rewrites, with all calls of its layer: a shared layer is one target for each of its kernels. */
export interface CompressionTarget {
  /** Its number among the kernels of its model that could be compressed; what random numbers depend on. */
  readonly number: number;
  /** The layer's name, and behind it the kernel's where the layer has several. */
  readonly name: string;
  /** The layer of the copy, and the one it stands for. */
  readonly shadowLayer: layers.Layer;
  readonly originalLayer: layers.Layer;
  readonly kernel: KernelAdapter;
  /** Numbers of its calls, ascending. */
  readonly calls: readonly number[];
  readonly info: LayerInfo;
}

/** Numbers in one row of X, over all problems of the kernel. */
export function rowWidth({originalLayer, kernel}: Pick<CompressionTarget, 'originalLayer' | 'kernel'>): number {
  const {shape} = kernelWeight(originalLayer, kernel);
  return kernel.matrixCount(shape) * kernel.features(shape);
}

/** The weight that a kernel is, in a layer. It stays the layer's. */
export function kernelWeight(layer: layers.Layer, {weight}: Pick<KernelAdapter, 'weight'>): Tensor {
  return layer.getWeights()[weight];
}

/** Says why a kernel is left out, or nothing if it is in. */
export type LayerFilter = (layer: layers.Layer, info: LayerInfo) => string | undefined;

/** Where a kernel stands among those of its model that could be compressed. */
export interface LayerInfo {
  /** The layer's name, and behind it the kernel's where the layer has several: `lstm/recurrent_kernel`. */
  readonly name: string;
  /** Its number, from 0. */
  readonly index: number;
  /** How many there are. */
  readonly total: number;
  /** The fan-in of its neurons. */
  readonly features: number;
  /** Whether none of another layer comes after it. */
  readonly isLast: boolean;
  /** Why it is not pruned where nobody chose it by name, if its type says so. */
  readonly keepDenseReason?: string;
}

/** The calls of a model, and of the copy that is rewritten. */
export type NetworkCalls = Pick<NetworkPair, 'original' | 'shadow'>;

/** The kernels of a model that a stage rewrites, in the order in which they meet the data, and the layers and kernels it does not, each with the reason. */
export function findTargets(
  networks: NetworkCalls,
  exclusion: LayerFilter,
): {targets: CompressionTarget[]; skipped: SkippedLayer[]} {
  const candidates: Candidate[] = [];
  const skipped: SkippedLayer[] = [];
  for (const [shadowLayer, calls] of callsByLayer(networks)) {
    const original = networks.original.calls[calls[0]].layer;
    const {skippedNodes} = asOwnLayer(shadowLayer);
    if (skippedNodes) {
      skipped.push(...skippedNodes);
      continue;
    }
    const reason = refusalReason(shadowLayer);
    if (reason !== undefined) skipped.push({...nameOf(shadowLayer), reason});
    else
      for (const {name, kernel} of kernelsOf(original))
        candidates.push({number: candidates.length, name, shadowLayer, originalLayer: original, kernel, calls});
  }
  const targets = candidates
    .map((target): CompressionTarget => ({...target, info: layerInfoOf(target, candidates, networks)}))
    .filter(({shadowLayer, name, info}) => {
      const reason = exclusion(shadowLayer, info);
      if (reason !== undefined) skipped.push({name, className: shadowLayer.getClassName(), reason});
      return reason === undefined;
    });
  return {targets, skipped};
}

/** The names of all layers, and of the kernels of those that have several, in the order of their first call. */
export function layerNamesIn({calls}: CallList): string[] {
  return [...new Set(calls.map(({layer}) => layer))].flatMap((layer) => [
    ...new Set([layer.name, ...kernelsOf(layer).map(({name}) => name)]),
  ]);
}

type Candidate = Omit<CompressionTarget, 'info'>;

function layerInfoOf(target: Candidate, all: readonly Candidate[], {original: {calls}}: NetworkCalls): LayerInfo {
  const others = new Set(
    all.filter(({shadowLayer}) => shadowLayer !== target.shadowLayer).flatMap((other) => other.calls),
  );
  const {name, number, originalLayer, kernel} = target;
  return {
    name,
    index: number,
    total: all.length,
    features: kernel.features(kernelWeight(originalLayer, kernel).shape),
    isLast: !reaches(calls, target.calls, others),
    ...(kernel.keepDenseReason !== undefined && {keepDenseReason: kernel.keepDenseReason}),
  };
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

function callsByLayer(networks: NetworkCalls): Map<layers.Layer, number[]> {
  const calls = new Map<layers.Layer, number[]>();
  networks.shadow.calls.forEach(({layer}, index) => calls.set(layer, [...(calls.get(layer) ?? []), index]));
  return calls;
}

function nameOf(layer: layers.Layer): {name: string; className: string} {
  return {name: layer.name, className: layer.getClassName()};
}

/** Types whose weights are vectors: there is nothing to follow a path along. */
const WITHOUT_MATRIX = ['BatchNormalization', 'LayerNormalization', 'PReLU'];

/** Why a layer with weights cannot be compressed. */
function refusalReason(layer: layers.Layer): string | undefined {
  const adapter = adapterFor(layer);
  if (adapter) return adapter.refusal?.(layer);
  if (layer.weights.length === 0) return undefined;
  return WITHOUT_MATRIX.includes(layer.getClassName())
    ? 'has no weight matrix'
    : `unsupported layer type; supported are ${supportedClassNames().join(', ')}`;
}
