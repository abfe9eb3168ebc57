import type {Tensor} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import type {KernelAdapter} from '../layers/adapter/kernelAdapter.ts';
import {asOwnLayer} from '../layers/adapter/ownLayer.ts';
import {adapterFor, kernelsOf, supportedClassNames} from '../layers/registry.ts';
import type {CallList} from '../model/callList.ts';
import type {NetworkPair} from '../model/networkPair.ts';
import type {SkippedLayer} from '../records.ts';

/** A kernel that a stage rewrites, with all calls of its layer. A shared layer has one target per kernel. */
export interface CompressionTarget {
  /** Its index among the compressible kernels of the model; it selects the stream of random numbers. */
  readonly number: number;
  /** The name of the layer, followed by that of the kernel if the layer has several. */
  readonly name: string;
  /** The layer of the shadow, which is rewritten. */
  readonly shadowLayer: layers.Layer;
  /** The layer of the user's model, which is never written to. */
  readonly originalLayer: layers.Layer;
  readonly kernel: KernelAdapter;
  /** Indices of its calls, ascending. */
  readonly calls: readonly number[];
  readonly info: LayerInfo;
}

/** Numbers in one row of X, summed over all problems of the kernel. */
export function rowWidth({originalLayer, kernel}: Pick<CompressionTarget, 'originalLayer' | 'kernel'>): number {
  const {shape} = kernelWeight(originalLayer, kernel);
  return kernel.matrixCount(shape) * kernel.features(shape);
}

/** The weight of a kernel in a layer, which keeps owning it. */
export function kernelWeight(layer: layers.Layer, {weight}: Pick<KernelAdapter, 'weight'>): Tensor {
  return layer.getWeights()[weight];
}

/** Returns the reason why a kernel is skipped, or undefined if it is not. */
export type LayerFilter = (layer: layers.Layer, info: LayerInfo) => string | undefined;

/** What a layer filter is told about a kernel. */
export interface LayerInfo {
  /** The name of the layer, followed by that of the kernel if the layer has several: `lstm/recurrent_kernel`. */
  readonly name: string;
  /** Its index among the compressible kernels of the model. */
  readonly index: number;
  /** The number of compressible kernels. */
  readonly total: number;
  /** The fan-in of its neurons. */
  readonly features: number;
  /** Whether no kernel of another layer comes after it. */
  readonly isLast: boolean;
  /** Why its layer type is not pruned by default; absent if it is. */
  readonly keepDenseReason?: string;
}

/** The calls of the original and of the shadow. */
export type NetworkCalls = Pick<NetworkPair, 'original' | 'shadow'>;

/** The kernels that a stage rewrites, in the order of the calls, and those that it skips, each with the reason. */
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

/** Whether an output of the calls `from` flows into one of the calls `to`. */
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

/** Layer types whose weights are vectors: there is no path to follow. */
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
