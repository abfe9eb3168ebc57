import '@tensorflow/tfjs-backend-cpu';
import {memory} from '@tensorflow/tfjs-core';
import {initializers, layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression} from 'tfjs-compress';
import {batchSource} from '../../src/data/batchSource.ts';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {createTaskRunner} from '../../src/numerics/task.ts';
import {prunePlan} from '../../src/operators/pruneOptions.ts';
import {completePlan, quantizePlan} from '../../src/operators/quantizeOptions.ts';
import {stage} from '../../src/operators/stage.ts';
import {correctModel} from '../../src/stages/correct/correctModel.ts';
import {pruneModel} from '../../src/stages/prune/pruneModel.ts';
import {quantizeModel} from '../../src/stages/quantize/quantizeModel.ts';
import {createCompression} from '../../src/stages/run/compression.ts';
import type {StageContext} from '../../src/stages/run/stageContext.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {gaussianTensor} from '../support/models/smallNetworks.ts';

type Stage = (compression: Compression, context: StageContext) => Promise<Compression>;

const letters: Stage = (compression, context) =>
  quantizeModel(compression, completePlan(quantizePlan('spfqQuantize', {bits: 2}), 1), context);
const zeros: Stage = (compression, context) =>
  pruneModel(compression, {...prunePlan('spfqPrune', {sparsity: 0.5}), seed: 1}, context);
const correction: Stage = (compression, context) =>
  correctModel(
    compression,
    {
      rounds: 2,
      sweeps: 2,
      pairs: 1,
      ridge: 0,
      scale: true,
      batchNorm: false,
      iterations: 20,
      damping: 0.01,
      bias: true,
      filter: () => undefined,
      names: [],
      seed: 1,
      memory: 2 ** 29,
    },
    context,
  );

/** What goes before a stage, and the stage. */
const stages: Readonly<Record<string, readonly Stage[]>> = {
  quantizing: [letters],
  pruning: [zeros],
  'correcting letters': [letters, correction],
  'correcting a pruned layer': [zeros, correction],
  'quantizing what is pruned': [zeros, letters],
};

onBackends(['cpu'], () => {
  for (const [name, chain] of Object.entries(stages)) {
    it(`${name} reaches more checkpoints with more features: no piece of work grows with the layer`, async () => {
      const [few, many] = [await countCheckpoints(chain, 64), await countCheckpoints(chain, 512)];
      expect(many).to.be.at.least(3 * few);
    });

    it(`${name}, cancelled at any checkpoint, leaves no tensor`, async () => {
      const all = await countCheckpoints(chain, 128);
      for (const share of [0, 0.01, 0.03, 0.1, 0.3, 0.6, 0.99]) {
        const before = memory().numTensors;
        const failure: unknown = await countCheckpoints(chain, 128, Math.floor(share * all)).catch(
          (error: unknown) => error,
        );
        expect(failure).to.have.property('message', 'cancelled');
        expect(memory().numTensors).to.equal(before);
      }
    });
  }

  it('a stage that works for long lets timers have their turn', async () => {
    const x = gaussianTensor([4, 4], 1);
    const model = networkOf(4);
    let rang = false;
    setTimeout(() => {
      rang = true;
    }, 0);
    const busy = stage('busy', async (compression, {checkpoint}) => {
      for (let k = 0; k < 10 && !rang; k++) {
        const end = performance.now() + 60;
        while (performance.now() < end);
        await checkpoint();
      }
      return compression;
    });
    await lastValueFrom(compress(model).pipe(calibrate(x), busy));
    expect(rang).to.equal(true);
    disposeModel(model);
    x.dispose();
  });
});

/**
 * Checkpoints of the last stage of a chain for a dense layer of this many features. At one of them it may be cancelled.
 */
async function countCheckpoints(chain: readonly Stage[], features: number, cancelledAt = Infinity): Promise<number> {
  const [model, x] = [networkOf(features), gaussianTensor([80, features], 2)];
  const made: Compression[] = [
    createCompression(
      'compress',
      model,
      batchSource('calibrate', x, {samples: 80, batchSize: 16, rows: 2000, seed: 3}),
      3,
    ),
  ];
  let checkpoints = 0;
  const checkpoint = (isLast: boolean): Promise<void> =>
    isLast && checkpoints++ === cancelledAt ? Promise.reject(new Error('cancelled')) : Promise.resolve();
  try {
    for (const [k, run] of chain.entries()) {
      made.push(
        await run(made[k], {
          stage: 'stage',
          ...createTaskRunner(() => checkpoint(k === chain.length - 1)),
          progress: () => undefined,
          elapsed: () => 0,
        }),
      );
    }
    return checkpoints;
  } finally {
    for (const one of made.slice(1)) one.dispose();
    disposeModel(model);
    x.dispose();
  }
}

function networkOf(features: number): LayersModel {
  const seeded = (seed: number) => initializers.randomNormal({seed, mean: 0, stddev: 0.1});
  return sequential({
    layers: [
      layers.dense({inputShape: [features], units: 24, activation: 'relu', kernelInitializer: seeded(1)}),
      layers.dense({units: 3, kernelInitializer: seeded(2)}),
    ],
  });
}
