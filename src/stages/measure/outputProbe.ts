import {dispose, slice, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {findBiasTarget} from '../../calibration/biasTarget.ts';
import {type CompressionTarget, findTargets} from '../../calibration/targets.ts';
import type {BatchSource} from '../../data/batchSource.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {createNetworkPair, type NetworkPair} from '../../model/networkPair.ts';
import {predictValues} from '../../model/predictOutputs.ts';
import type {Compression} from '../run/compression.ts';
import {type NewWeights, rewriteLayer} from '../run/rewriteLayer.ts';
import type {VisitOptions} from '../run/visitLayers.ts';

/** Samples that are run through the model for each layer. */
const MAX_SAMPLES = 64;

/** Measures on a few calibration samples how much the model's outputs change when one layer is rewritten. */
export class OutputProbe {
  private constructor(
    private readonly networks: NetworkPair,
    private readonly targets: readonly CompressionTarget[],
    private readonly batches: readonly Tensor[][],
    private readonly outputs: readonly Float32Array[],
    private readonly bias: boolean,
  ) {}

  /** A probe of the model as it is now, to be disposed of by the caller. */
  static async open({original, model, calibration}: Compression, {filter, bias}: VisitOptions): Promise<OutputProbe> {
    const networks = await createNetworkPair(original, model);
    const batches: Tensor[][] = [];
    try {
      if (calibration) await readSamples(calibration, original, batches);
      return new OutputProbe(
        networks,
        findTargets(networks, filter).targets,
        batches,
        await outputsOf(networks.shadowModel, batches),
        bias,
      );
    } catch (error) {
      release(networks, batches);
      throw error;
    }
  }

  /** ‖y − ỹ‖² / ‖y‖² over all outputs, with new weights in one layer alone. Afterwards the layer is as it was. */
  async difference(number: number, weights: NewWeights): Promise<number> {
    const target = this.targets.find((one) => one.number === number);
    if (!target) throw new RangeError(`OutputProbe: expected the number of a layer, got ${number}`);
    const biasTarget = this.bias ? findBiasTarget(target, this.networks) : undefined;
    const saved = [target.shadowLayer, ...(biasTarget ? [biasTarget.layer] : [])].map((layer) => ({
      layer,
      weights: layer.getWeights().map((weight) => weight.clone()),
    }));
    try {
      rewriteLayer(target, biasTarget, weights, this.networks);
      return relativeSquare(this.outputs, await outputsOf(this.networks.shadowModel, this.batches));
    } finally {
      for (const {layer, weights: before} of saved) {
        layer.setWeights(before);
        dispose(before);
      }
    }
  }

  dispose(): void {
    release(this.networks, this.batches);
  }
}

function release({shadowModel}: NetworkPair, batches: readonly Tensor[][]): void {
  disposeModel(shadowModel);
  batches.forEach((batch) => {
    dispose(batch);
  });
}

async function readSamples(source: BatchSource, model: LayersModel, batches: Tensor[][]): Promise<void> {
  let left = MAX_SAMPLES;
  for await (const batch of source.read(model)) {
    const count = Math.min(left, batch[0].shape[0]);
    batches.push(tidy(() => batch.map((one) => slice(one, 0, count))));
    dispose(batch);
    left -= count;
    if (left === 0) return;
  }
}

async function outputsOf(model: LayersModel, batches: readonly Tensor[][]): Promise<Float32Array[]> {
  return (await Promise.all(batches.map((batch) => predictValues(model, batch)))).flat();
}

/** ‖y − ỹ‖² / ‖y‖² */
function relativeSquare(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  let difference = 0,
    norm = 0;
  before.forEach((values, k) => {
    values.forEach((value, i) => {
      difference += (value - after[k][i]) ** 2;
      norm += value ** 2;
    });
  });
  return norm > 0 ? difference / norm : 0;
}
