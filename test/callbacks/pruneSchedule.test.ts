import 'tfjs-compress/plugins/wasm';
import {memory, type Optimizer} from '@tensorflow/tfjs-core';
import {CustomCallback, model as functional} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, pruneSchedule, spfqPrune, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {masksOf, prunableConvnet, wideNetwork} from '../support/models/prunableNetworks.ts';
import {weightsOf} from '../support/models/smallNetworks.ts';
import {training} from '../support/models/trainings.ts';
import {kernelOf, zeros} from '../support/models/trainings.ts';

const quick = {mask: 'magnitude', iterations: 0} as const;

onBackends(['wasm', 'cpu', 'webgpu'], () => {
  describe('pruneSchedule', () => {
    it('prunes the model under training as the formula says, and keeps its zeros to the end', async () => {
      await training(wideNetwork(), 'adam', async ({network, x, y}) => {
        const schedule = pruneSchedule(x, {to: 0.8, begin: 1, end: 3, ...quick});
        const counts: number[] = [];
        const counting = new CustomCallback({
          onEpochEnd: async () => {
            counts.push(zeros(await kernelOf(network, 'wide')));
          },
        });
        await network.fit(x, y, {epochs: 4, verbose: 0, callbacks: [schedule, counting]});
        expect(schedule.steps.map(({epoch, sparsity}) => [epoch, sparsity])).to.deep.equal([
          [1, 0],
          [2, 0.8 - 0.8 / 8],
          [3, 0.8],
        ]);
        expect(counts).to.deep.equal([0, Math.round(0.7 * 396), Math.round(0.8 * 396), Math.round(0.8 * 396)]);
        expect(schedule.steps.map(({reached}) => Math.round(reached * 396))).to.deep.equal(counts.slice(0, 3));
      });
    });
  });
});

onBackends(['wasm'], () => {
  describe('pruneSchedule', () => {
    for (const kind of ['Sequential', 'functional'] as const) {
      it(`of a ${kind} model: kept weights train on, zeros are exactly 0 after every batch`, async () => {
        let network = wideNetwork();
        if (kind === 'functional') network = functional({inputs: network.inputs, outputs: network.outputs});
        await training(network, 'momentum', async ({x, y}) => {
          const schedule = pruneSchedule(x, {from: 0.5, to: 0.9, end: 2, ...quick});
          const kernels: number[][] = [];
          const watching = new CustomCallback({
            onBatchEnd: async () => {
              kernels.push(await kernelOf(network, 'wide'));
            },
          });
          await network.fit(x, y, {epochs: 4, batchSize: 20, verbose: 0, callbacks: [schedule, watching]});
          expect(kernels.map(zeros)).to.deep.equal([0, 0, 198, 198, 356, 356, 356, 356]);
          const [before, after] = kernels.slice(-2);
          expect(after.every((weight, i) => (before[i] === 0 ? Object.is(weight, 0) : weight !== before[i]))).to.equal(
            true,
          );
        });
      });
    }

    it('of a convnet, all layers that spfqPrune prunes, together what the schedule wants', async () => {
      await training(prunableConvnet(), 'adam', async ({network, x, y}) => {
        network.getLayer('depthwise').trainable = false; // tfjs has no gradient of a depthwise convolution on wasm
        network.compile({optimizer: network.optimizer, loss: 'meanSquaredError'});
        const schedule = pruneSchedule(x, {to: 0.75, begin: 2, end: 2, ...quick});
        await network.fit(x, y, {epochs: 3, batchSize: 20, verbose: 0, callbacks: schedule});
        expect([zeros(await kernelOf(network, 'conv')), zeros(await kernelOf(network, 'hidden'))]).to.deep.equal([
          189,
          Math.round(0.75 * 567),
        ]);
        expect(schedule.steps).to.deep.equal([
          {epoch: 2, sparsity: 0.75, reached: (189 + Math.round(0.75 * 567)) / (252 + 567)},
        ]);
        expect(schedule.report?.layers.map(({name}) => name)).to.deep.equal(['conv', 'hidden']);
        expect(schedule.report?.stages).to.deep.equal(['pruneSchedule']);
      });
    });

    it('a step gives what spfqPrune gives for the model as it then is: weights, biases and all', async () => {
      await training(wideNetwork(), 'sgd', async ({network, x, y}) => {
        const expected: number[][][] = [];
        const before = new CustomCallback({
          onEpochEnd: async () => {
            const {model, dispose: free} = await lastValueFrom(
              compress(network, {seed: 7}).pipe(calibrate(x), spfqPrune({sparsity: 0.5})),
            );
            expected.push(await weightsOf(model));
            free();
          },
        });
        await network.fit(x, y, {
          epochs: 1,
          verbose: 0,
          callbacks: [before, pruneSchedule(x, {to: 0.5, end: 1, seed: 7})],
        });
        expect(await weightsOf(network)).to.deep.equal(expected[0]);
      });
    });

    it('spfqPrune of the same sparsity finds its zeros, and keeps them in letters', async () => {
      await training(wideNetwork(), 'sgd', async ({network, x, y}) => {
        await network.fit(x, y, {epochs: 2, verbose: 0, callbacks: pruneSchedule(x, {to: 0.5, end: 1})});
        const trained = await kernelOf(network, 'wide');
        const {layers, dispose: free} = await lastValueFrom(
          compress(network).pipe(calibrate(x), spfqPrune({sparsity: 0.5}), spfqQuantize({bits: 4})),
        );
        const wide = layers.find(({name}) => name === 'wide');
        expect(wide && masksOf(wide)).to.deep.equal(trained.map((weight) => Number(weight !== 0)));
        free();
      });
    });

    it('leaves the optimizer alone: same variables, same state', async () => {
      await training(wideNetwork(), 'adam', async ({network, x, y, optimizer}) => {
        const states: number[][][] = [];
        const note = new CustomCallback({
          onEpochEnd: async () => {
            states.push(await stateOf(optimizer));
          },
        });
        const ids = () => network.weights.map((weight) => weight.read().id);
        const before = ids();
        await network.fit(x, y, {
          epochs: 1,
          verbose: 0,
          callbacks: [note, pruneSchedule(x, {to: 0.5, end: 1, ...quick}), note],
        });
        expect(states[1]).to.deep.equal(states[0]);
        expect(states[0].length).to.be.greaterThan(4);
        expect(ids()).to.deep.equal(before);
      });
    });

    it('reads calibration data anew at each step, and disposes of all that it makes', async () => {
      await training(wideNetwork(), 'sgd', async ({network, x, y}) => {
        let readings = 0;
        const data = async function* () {
          readings++;
          yield x.clone();
        };
        const counts: number[] = [];
        const counting = new CustomCallback({
          onEpochBegin: async () => {
            counts.push(memory().numTensors);
          },
        });
        await network.fit(x, y, {
          epochs: 8,
          verbose: 0,
          callbacks: [pruneSchedule(data, {from: 0.1, to: 0.8, end: 6, samples: 30, ...quick}), counting],
        });
        expect(readings).to.equal(6);
        // An epoch adds its logs to the history.
        expect(counts.slice(2).map((count, i) => count - counts[i + 1])).to.deep.equal(
          new Array(6).fill(counts[1] - counts[0]),
        );
      });
    });

    it('a training from epoch 0 starts anew, one with initialEpoch goes on', async () => {
      await training(wideNetwork(), 'sgd', async ({network, x, y}) => {
        const schedule = pruneSchedule(x, {from: 0.4, to: 0.8, end: 4, every: 2, ...quick});
        const run = (initialEpoch: number, epochs: number) =>
          network.fit(x, y, {initialEpoch, epochs, verbose: 0, callbacks: schedule});
        await run(0, 2);
        expect(zeros(await kernelOf(network, 'wide'))).to.equal(Math.round(0.4 * 396));
        await run(2, 5);
        expect(schedule.steps.map(({epoch}) => epoch)).to.deep.equal([1, 3, 4]);
        expect(zeros(await kernelOf(network, 'wide'))).to.equal(Math.round(0.8 * 396));
        const tensors = memory().numTensors;
        await run(0, 1);
        expect(schedule.steps.map(({epoch}) => epoch)).to.deep.equal([1]);
        expect(memory().numTensors).to.equal(tensors);
      });
    });

    it('works when its hooks are called by hand', async () => {
      await training(wideNetwork(), 'sgd', async ({network, x}) => {
        const schedule = pruneSchedule(x, {from: 0.5, to: 0.5, begin: 3, end: 3, ...quick});
        const tensors = memory().numTensors;
        schedule.setModel(network);
        await schedule.onTrainBegin();
        await schedule.onEpochBegin(0);
        await schedule.onEpochEnd(1);
        expect([schedule.steps.length, schedule.report]).to.deep.equal([0, undefined]);
        await schedule.onEpochEnd(2);
        expect(zeros(await kernelOf(network, 'wide'))).to.equal(198);
        await schedule.onBatchEnd();
        expect(memory().numTensors).to.equal(tensors);
      });
    });
  });
});

/** All moments of an optimizer. */
async function stateOf(optimizer: Optimizer): Promise<number[][]> {
  const weights = await optimizer.getWeights();
  const state = await Promise.all(weights.map(async ({tensor}) => Array.from(await tensor.data())));
  weights.find(({name}) => name === 'iter')?.tensor.dispose(); // made for the asking
  return state;
}
