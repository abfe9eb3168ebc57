import 'tfjs-compress/plugins/webgpu';
import {dispose, getBackend, type Tensor} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, of} from 'rxjs';
import {calibrate, compress, type Compression, dryRun, loadPacked, pack, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {type Matrix, matrix} from 'tfjs-compress/numerics';
import type {ProblemStatistics} from '../../../src/calibration/problemStatistics.ts';
import {type CompressionTarget, kernelWeight} from '../../../src/calibration/targets.ts';
import {adapterFor, kernelsOf} from '../../../src/layers/registry.ts';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {addToDiagonal} from '../../../src/numerics/linalg/matrix.ts';
import {immediately} from '../../../src/numerics/task.ts';
import {Packed} from '../../../src/packed/packed.ts';
import {decodeLayer} from '../../../src/packed/packedExecution.ts';
import {scoreWeights} from '../../../src/solver/maskScores.ts';
import {FAST, relativeDifference} from '../models/packedModels.ts';
import {predictionsOf} from '../models/smallNetworks.ts';
import {bitsOf, collectArtifacts, giving} from '../models/smallPackedModels.ts';
import {gramsOf, largestDifference} from '../numerics/randomMatrices.ts';
import {isHeldBack} from '../numerics/rowTurns.ts';
import {sourceOf, walk} from '../walks/walks.ts';
import {type LayerCase, networkOf, type Numbers, numbersOf, samplesFor} from './layerCase.ts';

const SAMPLES = 24;

/**
 * Describes what every compressible layer type has to pass in a small random network, on the active backend:
 * statistics of explicit columns, T = identity, 8 bits, zeros that stay, files, and dry runs.
 */
export function describeCompressed(one: LayerCase): void {
  describe(`a compressed ${one.name}`, () => {
    let network: LayersModel;
    let x: Tensor;
    const ready = () => compress(network).pipe(calibrate(x));
    before(() => {
      network = networkOf(one);
      x = samplesFor(one, SAMPLES, 2);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    it('has the statistics H and G of its explicit columns', () => expectStatistics(one, network, x));

    it('gets its weights back where T is the identity', () => expectIdentity(network, x));

    it('of 8 bits gives nearly what it gave', async () => {
      const compression = await lastValueFrom(ready().pipe(spfqQuantize({bits: 8, include: 'layer'})));
      expect(compression.layers.map(({name}) => name)).to.deep.equal(kernelNames(network));
      const others = samplesFor(one, SAMPLES, 3);
      for (const inputs of [x, others]) {
        expect(
          relativeDifference(await predictionsOf(network, inputs), await predictionsOf(compression.model, inputs)),
        ).to.be.within(1e-7, 1e-2);
      }
      others.dispose();
      compression.dispose();
    });

    it('keeps zeros exactly, pruned and then quantized', async () => {
      const pruned = await lastValueFrom(ready().pipe(spfqPrune({sparsity: 0.5, include: 'layer'})));
      const before = await kernelsIn(pruned.model);
      const quantized = await lastValueFrom(of(pruned).pipe(spfqQuantize({bits: 3, ...FAST})));
      const after = await kernelsIn(quantized.model);
      before.forEach(({data}, k) => {
        const zeros = Array.from(data.keys()).filter((i) => data[i] === 0);
        expect(zeros.length).to.be.within(Math.floor(data.length / 2), Math.ceil(data.length / 2));
        expect(zeros.filter((i) => after[k].data[i] !== 0)).to.deep.equal([]);
      });
      quantized.dispose();
    });

    it('is the same bit by bit, packed, saved and loaded', async () => {
      await expectFiles(one, await lastValueFrom(ready().pipe(spfqQuantize({bits: 4, ...FAST}))), x);
    });

    it('is foretold by a dry run', async () => {
      const compression = await lastValueFrom(ready().pipe(spfqQuantize({bits: 4, ...FAST})));
      const foretold = dryRun(network, {bits: 4, samples: SAMPLES});
      expect(
        foretold.layers.map(({name, shape, matrixCount, bytesAfter}) => ({
          name,
          shape,
          problems: matrixCount,
          bytes: bytesAfter,
        })),
      ).to.deep.equal(
        compression.report.layers.map(({name, shape, matrixCount, bytes}) => ({
          name,
          shape,
          problems: matrixCount,
          bytes,
        })),
      );
      compression.dispose();
    });
  });
}

/** The kernels of the layer, in the names of the model. */
function kernelNames(network: LayersModel): string[] {
  return kernelsOf(network.getLayer('layer')).map(({name}) => name);
}

function kernelsIn(network: LayersModel): Promise<Numbers[]> {
  const layer = network.getLayer('layer');
  return Promise.all(kernelsOf(layer).map(({kernel}) => numbersOf(kernelWeight(layer, kernel))));
}

async function expectStatistics(
  {columns, inputs, prior = 0}: LayerCase,
  network: LayersModel,
  x: Tensor,
): Promise<void> {
  const seen: string[] = [];
  let first: layers.Layer | undefined;
  await walk(network, sourceOf([x], 7), {
    prepare: ({shadow: {calls}}) => {
      first = inputs ? undefined : calls.find(({layer}) => layer.name === 'before')?.layer;
    },
    async visit(target, statistics) {
      if (target.shadowLayer.name !== 'layer') return;
      const k = kernelNames(network).indexOf(target.name);
      const [own, shadowed] = await Promise.all(
        [
          rowsFor(target.originalLayer, inputs ? undefined : network.getLayer('before'), x),
          rowsFor(target.shadowLayer, first, x),
        ].map(async (rows) => columns(...(await rows))[k]),
      );
      expect(statistics.length).to.equal(own.length);
      statistics.forEach((found, p) => {
        expectProblem(found, own[p], shadowed[p], prior);
      });
      seen.push(target.name);
    },
  });
  expect(seen).to.deep.equal(kernelNames(network));
}

/** What explicit columns are made of: what a layer takes, behind the layer before it, and its weights. */
async function rowsFor(layer: layers.Layer, first: layers.Layer | undefined, x: Tensor): Promise<[Numbers, Numbers[]]> {
  const taken = first ? (first.apply(x) as Tensor) : x.clone();
  const input = await numbersOf(taken);
  taken.dispose();
  return [input, await Promise.all(layer.getWeights().map(numbersOf))];
}

function expectProblem(
  {gram, crossGram, rows, heldOut}: ProblemStatistics,
  own: Matrix,
  shadowed: Matrix,
  prior: number,
): void {
  const calibrated = (row: number): boolean => !isHeldBack(row);
  const [x, y] = [rowsOf(own, calibrated), rowsOf(shadowed, calibrated)];
  const expected = gramsOf(x, y);
  expect(rows).to.equal(x.rows);
  expect(relativeError(gram, addToDiagonal(expected.gram, prior)), 'H').to.be.below(1e-5);
  expect(relativeError(crossGram, addToDiagonal(expected.crossGram, prior)), 'G').to.be.below(1e-5);
  expect(relativeError(heldOut.original, rowsOf(own, isHeldBack)), 'X').to.be.below(1e-5);
  expect(relativeError(heldOut.shadow, rowsOf(shadowed, isHeldBack)), 'X̃').to.be.below(1e-5);
}

function relativeError(found: Matrix, expected: Matrix): number {
  return (
    largestDifference(found.data, expected.data) /
    expected.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  );
}

function rowsOf({rows, columns, data}: Matrix, keeps: (row: number) => boolean): Matrix {
  const kept = Array.from({length: rows}, (_, row) => row).filter(keeps);
  return matrix(
    kept.length,
    columns,
    Float64Array.from(kept.flatMap((row) => Array.from(data.subarray(row * columns, (row + 1) * columns)))),
  );
}

async function expectIdentity(network: LayersModel, x: Tensor): Promise<void> {
  const seen: string[] = [];
  await walk(network, sourceOf([x], SAMPLES), {
    rewrites: false,
    async visit(target, statistics) {
      if (target.shadowLayer.name !== 'layer') return;
      const {shape, data} = await numbersOf(kernelWeight(target.originalLayer, target.kernel));
      const followed = await identityPath(target, target.kernel.toMatrices(data, shape), statistics);
      expect(largestDifference(target.kernel.fromMatrices(followed, shape), data)).to.be.below(1e-6);
      seen.push(target.name);
    },
  });
  expect(seen).to.deep.equal(kernelNames(network));
}

/** Alignment and a path whose T is the identity: pruning with threshold 0. */
async function identityPath(
  target: CompressionTarget,
  matrices: readonly Matrix[],
  statistics: readonly ProblemStatistics[],
): Promise<Matrix[]> {
  const options = {
    amount: {threshold: 0},
    alignment: {method: 'exact'},
    feedback: {nearest: {kind: 'path'}, stochastic: {kind: 'path'}},
    seed: 1,
    strictKernels: false,
  } as const;
  return Promise.all(
    matrices.map(async (weights, problem) => {
      const {gram, crossGram} = statistics[problem];
      const {values} = await scoreWeights(
        'nearest path',
        {weights, gram, crossGram},
        {layer: target.number, matrix: problem},
        options,
        immediately,
      );
      return values;
    }),
  );
}

async function expectFiles(one: LayerCase, compression: Compression, x: Tensor): Promise<void> {
  const expected = await predictionsOf(compression.model, x);
  const weights = await Promise.all(compression.model.getLayer('layer').getWeights().map(numbersOf));
  const hasRoute =
    getBackend() !== 'wasm' &&
    adapterFor(compression.model.getLayer('layer'))?.packed?.(compression.model.getLayer('layer')) !== undefined;
  const {model: small, ...rest} = await lastValueFrom(of(compression).pipe(pack()));
  const loaded = await loadPacked(giving(await collectArtifacts(small)));
  expect(Array.from((await bitsOf(loaded)).values())).to.deep.equal(Array.from((await bitsOf(small)).values()));
  expect(await decodedWeights(loaded.getLayer('layer'), [SAMPLES, ...one.shape])).to.deep.equal(weights);
  expect(loaded.getLayer('layer')).to.include({route: hasRoute ? 'packed' : 'decoded'});
  const predictions = await predictionsOf(small, x);
  expect(await predictionsOf(loaded, x)).to.deep.equal(predictions);
  expect(relativeDifference(expected, predictions)).to.be.below(1e-5);
  rest.dispose();
  disposeModel(loaded);
}

async function decodedWeights(layer: layers.Layer, inputShape: readonly number[]): Promise<Numbers[]> {
  if (!(layer instanceof Packed))
    throw new Error(`expected layer '${layer.name}' to be packed, found a ${layer.getClassName()}`);
  const decoded = decodeLayer(layer, inputShape);
  const weights = await Promise.all(decoded.getWeights().map(numbersOf));
  dispose(decoded.getWeights());
  return weights;
}
