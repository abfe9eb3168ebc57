import {type Tensor, tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {type OperatorFunction, tap} from 'rxjs';
import {
  BackendError,
  calibrate,
  compress,
  type Compression,
  correct,
  DataError,
  ModelError,
  rtnQuantize,
  spfqCompress,
  spfqPrune,
  wandaPrune,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {causedTensor, wideNetwork} from '../support/models/prunableNetworks.ts';
import {errorOf, leavingAlone, weightsOf} from '../support/models/smallNetworks.ts';

type Stage = OperatorFunction<Compression, Compression>;

/** A stage, and what has to come before it. */
const STAGES: ReadonlyArray<readonly [string, Stage, readonly Stage[]]> = [
  ['spfqPrune', spfqPrune(), []],
  ['spfqCompress', spfqCompress(), []],
  ['wandaPrune', wandaPrune(), []],
  ['correct', correct(), [rtnQuantize()]],
];

onBackends(['wasm'], (backend) => {
  for (const [name, stage, needed] of STAGES) {
    describe(`${name} refuses`, () => {
      let network: LayersModel;
      let x: Tensor;
      before(() => {
        network = wideNetwork();
        x = causedTensor([32, 33], 1);
      });
      after(() => {
        network.dispose();
        x.dispose();
      });

      /** The error with which the stage itself ends; calibration data of its own comes right before it. */
      async function refusal(data: Parameters<typeof calibrate>[0] | undefined): Promise<Error> {
        const prepared = needed.reduce((stream, one) => one(stream), compress(network).pipe(calibrate(x)));
        const last: Stage = data === undefined ? stage : (source) => source.pipe(calibrate(data), stage);
        return leavingAlone(network, () => errorOf(prepared.pipe(last)));
      }

      if (needed.length === 0) {
        it('a pipeline without calibration data', async () => {
          const error = await leavingAlone(network, () => errorOf(compress(network).pipe(stage)));
          expect(error).to.be.instanceOf(DataError);
          expect(error.message).to.equal(
            `${name}: expected calibration data, got none; put calibrate(x) before it, or start from fit(model, x, y)`,
          );
        });
      }

      it('NaN in the data', async () => {
        const values = new Float32Array(20 * 33).fill(1);
        values[7 * 33] = NaN;
        const bad = tensor(values, [20, 33]);
        const error = await refusal(bad);
        expect(error).to.be.instanceOf(DataError);
        expect(error.message).to.equal("calibrate: input 'wide_input': expected finite numbers, got NaN in sample 7");
        bad.dispose();
      });

      it('inputs so large that their squares overflow', async () => {
        const error = await refusal(() => [tensor(new Float32Array(8 * 33).fill(1e30), [8, 33])]);
        expect(error).to.be.instanceOf(DataError);
        expect(error.message).to.equal(
          `${name}: layer 'wide': expected inputs whose squares are finite, got NaN or Infinity from the layers ` +
            'before it; scale the calibration data as in training',
        );
      });

      it('data that ends early', async () => {
        expect((await refusal(() => [])).message).to.equal(
          'calibrate: expected at least one sample of data, got an empty source',
        );
      });

      it('NaN in weights: names layer and weight', async () => {
        const bad = wideNetwork();
        const values = Float32Array.from((await weightsOf(bad))[2]);
        values[5] = NaN;
        const [first, second, , last] = bad.getWeights();
        const spoiled = tensor(values, [12, 4]);
        bad.setWeights([first, second, spoiled, last]);
        const error = await leavingAlone(bad, () => errorOf(compress(bad).pipe(calibrate(x), stage)));
        expect(error).to.be.instanceOf(ModelError);
        if (needed.length === 0)
          expect(error.message).to.equal(
            `${name}: layer 'scores': expected finite weights, got NaN in scores/kernel; retrain or reload the model`,
          );
        [bad, spoiled].forEach((one) => {
          one.dispose();
        });
      });

      it('an original that was disposed of before it runs', async () => {
        const gone = wideNetwork();
        const dropping = tap<Compression>(() => {
          gone.dispose();
        });
        const error = await errorOf(
          [...needed, dropping, stage].reduce((stream, one) => one(stream), compress(gone).pipe(calibrate(x))),
        );
        expect(error).to.be.instanceOf(ModelError);
        expect(error.message).to.match(
          new RegExp(`^${name}: expected a live model, got '.*' after its dispose\\(\\); load it again$`),
        );
      });

      it('a layer that `include` names and that there is not', async () => {
        const build = {spfqPrune, spfqCompress, wandaPrune, correct}[name as 'correct'];
        const stages = [...needed, build({include: 'nothing'})];
        const error = await leavingAlone(network, () =>
          errorOf(stages.reduce((stream, one) => one(stream), compress(network).pipe(calibrate(x)))),
        );
        expect(error).to.be.instanceOf(ModelError);
        expect(error.message).to.equal(
          `${name}: expected a layer named 'nothing', as in \`include\` or \`exclude\`; the layers are wide, scores`,
        );
      });
    });
  }

  describe('pruning stages refuse', () => {
    for (const [name, stage] of [
      ['spfqPrune', spfqPrune({strictKernels: true})],
      ['spfqCompress', spfqCompress({strictKernels: true})],
    ] as const) {
      it(`${name}: strictKernels on a backend without kernels`, async () => {
        const network = wideNetwork();
        const x = causedTensor([32, 33], 1);
        const error = await leavingAlone(network, () => errorOf(compress(network).pipe(calibrate(x), stage)));
        expect(error).to.be.instanceOf(BackendError);
        expect(error.message).to.match(
          new RegExp(
            `^FollowPath: expected a kernel on backend '${backend}' because strictKernels is set, found none; `,
          ),
        );
        [network, x].forEach((one) => {
          one.dispose();
        });
      });
    }

    it('a model none of whose layers is to be pruned: says why of each', async () => {
      const network = wideNetwork();
      const x = causedTensor([32, 33], 1);
      const error = await leavingAlone(network, () =>
        errorOf(compress(network).pipe(calibrate(x), spfqPrune({exclude: 'wide'}))),
      );
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.equal(
        'spfqPrune: expected a model with at least one layer to compress, got none: wide (Dense): in `exclude`; ' +
          'scores (Dense): the output layer stays dense, because zeros there starve single outputs; `include` ' +
          'overrides this',
      );
      [network, x].forEach((one) => {
        one.dispose();
      });
    });

    it('spfqCompress with a pattern that does not fit a layer that `include` names', async () => {
      const network = wideNetwork();
      const x = causedTensor([32, 33], 1);
      const error = await leavingAlone(network, () =>
        errorOf(compress(network).pipe(calibrate(x), spfqCompress({pattern: '2:4', include: ['wide', 'scores']}))),
      );
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.equal(
        "spfqCompress: layer 'wide': expected features that the 4 of pattern 2:4 divides, got 33; leave the " +
          'layer out of `include`, or choose another pattern',
      );
      [network, x].forEach((one) => {
        one.dispose();
      });
    });
  });
});
