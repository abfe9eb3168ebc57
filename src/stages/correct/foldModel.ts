import {dispose, type Tensor, tensor, tensor1d} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {followingBatchNorm} from '../../calibration/followingBatchNorm.ts';
import {kernelWeight} from '../../calibration/targets.ts';
import {ModelError} from '../../errors.ts';
import type {KernelAdapter} from '../../layers/adapter/kernelAdapter.ts';
import {kernelsOf} from '../../layers/registry.ts';
import {type CallList, listCalls} from '../../model/callList.ts';
import {rebuildModel, type Topology, topologyOf} from '../../model/cloneModel.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {requireAlive} from '../../model/requireModel.ts';
import {mapTopology} from '../../model/topology.ts';
import {type Matrix, matrix} from '../../numerics/linalg/matrix.ts';
import type {SkippedLayer} from '../../records.ts';
import {type Compression, nextReport} from '../run/compression.ts';
import type {StageContext} from '../run/stageContext.ts';

/** A kernel and the BatchNormalization that is folded into it. */
interface Fold {
  readonly layer: layers.Layer;
  readonly kernel: KernelAdapter;
  readonly norm: layers.Layer;
}

/** A normalization as a function of one channel: y ↦ factor · y + offset. */
interface Affine {
  readonly factors: Float64Array;
  readonly offsets: Float64Array;
}

/**
 * The compression with every BatchNormalization folded into the layer that it alone follows. The folded model, which is
 * the same function, becomes the original of the later stages.
 * @throws ModelError after a stage that compressed layers
 */
export async function foldModel(compression: Compression, context: StageContext): Promise<Compression> {
  const {model, layers: compressed, report, origin} = compression;
  if (compressed.length > 0) {
    throw new ModelError(
      `${context.stage}: expected a model that is not compressed yet, ` +
        `found the compressed layer '${compressed[0].name}'; put ${context.stage}() first`,
    );
  }
  requireAlive(context.stage, model);
  const {folds, skipped} = foldsOf(listCalls(model));
  const folded = await buildFoldedModel(model, folds);
  context.progress('', 1, 1);
  const parameters = folded.countParams();
  const bytes = 4 * parameters;
  const release = (): void => {
    disposeModel(folded);
    origin.release();
  };
  return {
    ...compression,
    original: folded,
    model: folded,
    origin: {...origin, release},
    report: nextReport(report, context, {
      skipped: [...report.skipped, ...skipped.map((layer) => ({stage: context.stage, ...layer}))],
      size: {...report.size, parameters, bytesBefore: bytes, bytesAfter: bytes, gzipBytesAfter: bytes},
    }),
    dispose: release,
  };
}

function foldsOf(list: CallList): {folds: Fold[]; skipped: SkippedLayer[]} {
  const folds: Fold[] = [];
  const all = new Set(list.calls.map(({layer}) => layer));
  for (const layer of all) {
    const own = list.calls.flatMap((call, index) => (call.layer === layer ? [index] : []));
    const kernel = kernelsOf(layer)
      .map((named) => named.kernel)
      .find(({producesLayerOutput}) => producesLayerOutput);
    if (kernel === undefined || layer.getConfig()['useBias'] === undefined) continue; // its layer type has no bias
    const norm = followingBatchNorm(layer, kernel, own, list);
    if (norm !== undefined) folds.push({layer, kernel, norm: list.calls[norm].layer});
  }
  const left = [...all].filter(
    (layer) => layer.getClassName() === 'BatchNormalization' && !folds.some(({norm}) => norm === layer),
  );
  const reason = 'it does not follow a linear layer, with a place for a bias, whose outputs nothing else takes';
  return {folds, skipped: left.map((layer) => ({name: layer.name, className: layer.getClassName(), reason}))};
}

async function buildFoldedModel(model: LayersModel, folds: readonly Fold[]): Promise<LayersModel> {
  const made = new Map<layers.Layer, FoldedWeights & Fold>();
  try {
    for (const fold of folds) made.set(fold.layer, {...fold, ...(await foldWeights(fold))});
    return await rebuildModel(model, {
      topology: foldTopology(topologyOf(model), folds),
      weightsFor(layer) {
        if (folds.some(({norm}) => norm === layer)) return [];
        const folded = made.get(layer);
        return folded ? weightsWith(folded) : layer.getWeights();
      },
    });
  } finally {
    made.forEach(({weight, bias}) => {
      dispose([weight, bias]);
    });
  }
}

/**
 * The folded layers get a bias; the normalization layers are kept as identities, so that names and connections do not
 * change.
 */
function foldTopology(topology: Topology, folds: readonly Fold[]): Topology {
  return mapTopology(topology, (entry) => {
    const {class_name: className, config} = entry;
    if (folds.some(({norm}) => norm.name === config.name))
      return {...entry, class_name: 'Activation', config: {name: config.name, activation: 'linear'}};
    const isFolded = folds.some(({layer}) => layer.name === config.name && layer.getClassName() === className);
    return isFolded ? {...entry, config: {...config, use_bias: true}} : undefined;
  });
}

interface FoldedWeights {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** The weights of a layer with a folded kernel, its bias last. */
function weightsWith({layer, kernel, weight, bias}: FoldedWeights & Fold): Tensor[] {
  const others = layer.getWeights().map((own, i) => (i === kernel.weight ? weight : own));
  return [...others.filter((_, i) => i !== kernel.bias), bias];
}

/** W ∘ factor, and factor · b + offset, by neuron. */
async function foldWeights({layer, kernel, norm}: Fold): Promise<FoldedWeights> {
  const {factors, offsets} = await affineOf(norm);
  const weight = kernelWeight(layer, kernel);
  const matrices = kernel.toMatrices(await weight.data(), weight.shape);
  const before = kernel.bias === undefined ? undefined : await layer.getWeights()[kernel.bias].data();
  const scaled = matrices.map((one, p) => scaleColumns(one, factors.subarray(p * one.columns)));
  return {
    weight: tensor(kernel.fromMatrices(scaled, weight.shape), weight.shape),
    bias: tensor1d(Float32Array.from(offsets, (offset, n) => factors[n] * (before?.[n] ?? 0) + offset)),
  };
}

function scaleColumns({rows, columns, data}: Matrix, factors: Float64Array): Matrix {
  return matrix(
    rows,
    columns,
    data.map((value, i) => value * factors[i % columns]),
  );
}

/** γ (y − μ) / √(σ² + ε) + β */
async function affineOf(norm: layers.Layer): Promise<Affine> {
  const {scale, center, epsilon} = norm.getConfig();
  const values = await Promise.all(norm.getWeights().map((weight) => weight.data<'float32'>()));
  const [mean, variance] = values.slice(-2);
  const gamma = scale === false ? undefined : values[0];
  const beta = center === false ? undefined : values[gamma ? 1 : 0];
  const factors = Float64Array.from(variance, (one, n) => (gamma?.[n] ?? 1) / Math.sqrt(one + Number(epsilon)));
  return {factors, offsets: Float64Array.from(mean, (one, n) => (beta?.[n] ?? 0) - one * factors[n])};
}
