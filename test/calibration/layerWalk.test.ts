import '@tensorflow/tfjs-backend-cpu';
import {memory, randomNormal, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {GramPair} from 'tfjs-compress/numerics';
import type {ProblemStatistics} from '../../src/calibration/problemStatistics.ts';
import {createTaskRunner} from '../../src/numerics/task.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {chain} from '../support/models/models.ts';
import {countCalls, sourceOf, walk} from '../support/walks/walks.ts';

const batches = 4;
/**
 * Bytes of one batch's activations before the first call, and of those before any later one: 5 samples of 6 features,
 * of 7 in both networks.
 */
const inputBytes = 4 * 5 * 6,
  laterBytes = 2 * 4 * 5 * 7;

onBackends(['cpu'], () => {
  let original: LayersModel;
  let x: Tensor;
  beforeEach(() => {
    original = chain([7, 7, 7, 7, 7, 7]);
    x = randomNormal([5 * batches, 6], 0, 1, 'float32', 1);
  });
  afterEach(() => {
    original.dispose();
    x.dispose();
  });

  /** How often each layer of each network runs, and what every layer is told. */
  async function walked(bytes: number): Promise<{original: number[]; copy: number[]; told: GramPair[]}> {
    const counts = {original: countCalls(original.layers.slice(1)), copy: [] as number[]};
    const told: GramPair[] = [];
    await walk(original, sourceOf([x], 5), {
      memory: bytes,
      prepare: (networks) => {
        counts.copy = countCalls(networks.shadow.calls.map(({layer}) => layer));
      },
      visit: (_site, [{gram, crossGram, mean, shadowMean, rows}]) => {
        told.push({gram, crossGram, mean, shadowMean, rows});
      },
    });
    return {...counts, told};
  }

  describe('walkLayers', () => {
    it('runs every layer of both networks once for each batch, and the last not at all', async () => {
      const once = [batches, batches, batches, batches, batches, 0];
      const {original, copy} = await walked(2 ** 29);
      expect(original).to.deep.equal(once);
      expect(copy).to.deep.equal(once);
    });

    it('starts from the inputs again where nothing fits into memory, with the same statistics', async () => {
      const kept = await walked(2 ** 29);
      const {original, copy, told} = await walked(1);
      expect(original).to.deep.equal([5, 4, 3, 2, 1, 0].map((times) => times * batches));
      expect(copy).to.deep.equal([5, 4, 3, 2, 1, 0].map((times) => times * batches));
      expect(told).to.deep.equal(kept.told);
    });

    it('starts from the last point that fitted, batch by batch, with the same statistics', async () => {
      const kept = await walked(2 ** 29);
      for (const bytes of [
        inputBytes,
        batches * inputBytes,
        2 * laterBytes,
        3 * laterBytes + inputBytes,
        batches * laterBytes - 1,
      ]) {
        const {original, told} = await walked(bytes);
        const total = original.reduce((sum, count) => sum + count, 0);
        expect(total).to.be.within(5 * batches, 15 * batches);
        expect(told).to.deep.equal(kept.told);
      }
    });

    it('leaves no tensor', async () => {
      const before = memory();
      await walked(2 ** 29);
      expect(memory()).to.deep.include({numTensors: before.numTensors, numBytes: before.numBytes});
    });

    it("leaves the weights of the user's model as they were, bit by bit", async () => {
      const weights = () => Promise.all(original.getWeights().map((weight) => weight.data()));
      const before = (await weights()).map((values) => values.slice());
      await walk(original, sourceOf([x], 5), {});
      expect(await weights()).to.deep.equal(before);
    });

    const failures: Readonly<Record<string, (fail: () => void) => Parameters<typeof walk>[2]>> = {
      'a visit': (fail) => ({visit: fail}),
      'a checkpoint, as on cancelling': (fail) => ({
        runner: createTaskRunner(async () => {
          fail();
        }),
      }),
    };
    for (const [who, use] of Object.entries(failures)) {
      for (const after of [1, 3, 6]) {
        it(`leaves no tensor when ${who} throws the ${after}. time`, async () => {
          const before = memory();
          let times = 0;
          const failed: unknown = await walk(
            original,
            sourceOf([x], 5),
            use(() => {
              if (++times === after) throw new Error('enough');
            }),
          ).catch((error: unknown) => error);
          expect(failed).to.be.instanceOf(Error).with.property('message', 'enough');
          expect(memory()).to.deep.include({numTensors: before.numTensors, numBytes: before.numBytes});
        });
      }
    }

    it('leaves no tensor when the source fails in its third batch', async () => {
      const before = memory();
      const whole = sourceOf([x], 5);
      const failing = {
        ...whole,
        async *read() {
          let read = 0;
          for await (const batch of whole.read(original)) {
            if (read++ < 2) {
              yield batch;
              continue;
            }
            batch.forEach((tensor) => {
              tensor.dispose();
            });
            throw new Error('enough');
          }
        },
      };
      const failed: unknown = await walk(original, failing, {}).catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(Error).with.property('message', 'enough');
      expect(memory().numTensors).to.equal(before.numTensors);
    });

    it('visits the layers in order, with the inputs of both networks', async () => {
      const told: ProblemStatistics[] = [];
      const names: string[] = [];
      await walk(original, sourceOf([x], 5), {
        visit: (target, [statistics]) => {
          names.push(target.shadowLayer.name);
          told.push(statistics);
        },
      });
      expect(names).to.deep.equal(original.layers.slice(1).map(({name}) => name));
      // Before the first change both networks agree.
      expect(told[0].crossGram).to.deep.equal(told[0].gram);
      for (const {gram, crossGram} of told.slice(1)) expect(crossGram).to.not.deep.equal(gram);
    });
  });
});
