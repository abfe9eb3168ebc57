import {memory, slice, type Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, Subscription} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  evaluate,
  ModelError,
  progress,
  type ProgressEvent,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {matrix} from 'tfjs-compress/numerics';
import type {BudgetedQuantizeOptions} from '../../src/operators/quantizeBudget.ts';
import {OutputProbe} from '../../src/stages/measure/outputProbe.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {
  errorOf,
  gaussianTensor,
  leavingAlone,
  randomize,
  untilTensors,
  weightsOf,
} from '../support/models/smallNetworks.ts';
import {pattern} from '../support/pattern.ts';

const ALPHABETS = [2, 3, 4, 7, 15, 31, 63, 255];

onBackends(['wasm'], () => {
  describe('budgets', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = sequential({
        layers: [
          layers.dense({name: 'wide', units: 40, inputShape: [12], activation: 'relu'}),
          layers.dense({name: 'middle', units: 20, activation: 'relu'}),
          layers.dense({name: 'scores', units: 4}),
        ],
      });
      randomize(network, 4);
      x = gaussianTensor([256, 12], 5);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const quantized = (
      budget: BudgetedQuantizeOptions['budget'],
      options: Partial<BudgetedQuantizeOptions> = {},
      seed = 0,
    ): Promise<Compression> =>
      lastValueFrom(compress(network, {seed}).pipe(calibrate(x), spfqQuantize({...options, bits: 'auto', budget})));

    for (const bitsPerWeight of [3.5, 4, 4.5, 6]) {
      it(`{bitsPerWeight: ${bitsPerWeight}} is met, with letters that the report gives reasons for`, async () => {
        const {report, dispose} = await leavingResult(() => quantized({bitsPerWeight}));
        expect(report.size.bitsPerWeight).to.be.within(bitsPerWeight - 1.5, bitsPerWeight);
        for (const {levels, choice} of report.layers) {
          expect(ALPHABETS).to.include(levels);
          expect(choice).to.match(
            /^(ternary|\d bits?) by sensitivity: alone, error about [\d.]+ % at .*; output sensitivity [\d.e-]+$/,
          );
        }
        expect(String(report)).to.contain(`middle: ${report.layers[1].choice ?? '?'}`);
        dispose();
      });
    }

    it('{bytes} is met by the whole model, with what is not compressed', async () => {
      for (const options of [{}, {exclude: 'middle'}, {granularity: {group: 8}}, {symmetric: false}] as const) {
        const min = Number(/at least (\d+) bytes/.exec((await errorOf(budgeted({bytes: 1}, options))).message)?.[1]);
        const {report, dispose} = await quantized({bytes: min + 200}, options);
        expect(report.size.bytesAfter).to.be.within(min, min + 200);
        dispose();
        const smallest = await quantized({bytes: min}, options);
        expect(smallest.report.size.bytesAfter).to.equal(min);
        smallest.dispose();
      }
    });

    it('a budget that cannot be met ends in a ModelError with the least that can', async () => {
      const error = await leavingAlone(network, () => errorOf(budgeted({bitsPerWeight: 1.2})));
      expect(error).to.be.instanceOf(ModelError);
      const min = Number(
        pattern(
          /^spfqQuantize: expected a budget of at least ([\d.]+) bits per weight, scales included, which the /,
          /smallest letters of every layer take, got 1.2$/,
        ).exec(error.message)?.[1],
      );
      const {report, dispose} = await quantized({bitsPerWeight: min});
      expect(report.size.bitsPerWeight).to.be.closeTo(min, 1e-3);
      dispose();
    });

    it('{maxRelativeError} gives each layer the fewest bits that keep to it', async () => {
      const limit = 0.1;
      const {report, dispose} = await leavingResult(() => quantized({maxRelativeError: limit}));
      for (const {levels, relativeError, choice = ''} of report.layers) {
        expect(relativeError).to.be.at.most(limit);
        const tried = Array.from(choice.matchAll(/([\d.]+) % at/g), ([, percent]) => Number(percent));
        expect(tried).to.have.length(ALPHABETS.indexOf(levels) + 1);
        expect(tried.slice(0, -1).every((error) => error >= 100 * limit)).to.equal(true);
        expect(tried.at(-1)).to.be.closeTo(100 * relativeError, 0.006);
      }
      dispose();
    });

    it('an error that 8 bits do not reach ends in a ModelError with the layer and the error', async () => {
      const error = await leavingAlone(network, () => errorOf(budgeted({maxRelativeError: 1e-6})));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.match(
        pattern(
          /^spfqQuantize: layer 'wide': expected a relative error up to 0.000001, reached [\d.]+ % at 8 /,
          /bits; allow a larger `maxRelativeError`, or leave the layer out by `exclude`$/,
        ),
      );
    });

    it('the same seed gives the same letters', async () => {
      const [one, other] = [await quantized({bitsPerWeight: 3.6}, {}, 7), await quantized({bitsPerWeight: 3.6}, {}, 7)];
      expect(await weightsOf(one.model)).to.deep.equal(await weightsOf(other.model));
      expect(one.report.layers.map(({choice}) => choice)).to.deep.equal(other.report.layers.map(({choice}) => choice));
      one.dispose();
      other.dispose();
    });

    it('pruned weights stay 0 and cost one bit of the mask alone', async () => {
      const {
        model,
        layers: made,
        report,
        dispose,
      } = await lastValueFrom(
        compress(network).pipe(
          calibrate(x),
          spfqPrune({sparsity: 0.75, include: /./}),
          spfqQuantize({bits: 'auto', budget: {bitsPerWeight: 3.4}}),
        ),
      );
      expect(report.size.bitsPerWeight).to.be.at.most(3.4);
      const weights = await weightsOf(model);
      made.forEach(({matrices: [{mask}]}, layer) => {
        expect(weights[2 * layer].filter((_, i) => mask?.[i] === 0).every((weight) => weight === 0)).to.equal(true);
        expect(mask?.filter((kept) => kept === 0).length).to.equal(Math.round(0.75 * weights[2 * layer].length));
      });
      dispose();
    });

    it('progress runs once from 0 to 1 over both passes', async () => {
      const events: ProgressEvent[] = [];
      const {dispose} = await lastValueFrom(
        compress(network).pipe(
          calibrate(x),
          progress((event) => events.push(event)),
          spfqQuantize({bits: 'auto', budget: {bitsPerWeight: 3.6}}),
        ),
      );
      expect(events.map(({index, total, fraction}) => [index, total, fraction])).to.deep.equal(
        [0, 1, 2, 3, 4, 5, 6].map((index) => [index, 6, index / 6]),
      );
      expect(events.map(({layer}) => layer)).to.deep.equal([
        'wide',
        'middle',
        'scores',
        'wide',
        'middle',
        'scores',
        '',
      ]);
      dispose();
    });

    it('unsubscribing in the first pass leaves nothing behind', async () => {
      const tensors = memory().numTensors;
      const running = new Subscription();
      await new Promise<void>((resolve) => {
        const noted = progress(({index}) => {
          if (index !== 1) return;
          running.unsubscribe();
          resolve();
        });
        running.add(
          compress(network)
            .pipe(calibrate(x), noted, spfqQuantize({bits: 'auto', budget: {bitsPerWeight: 3.6}}))
            .subscribe(),
        );
      });
      await untilTensors(tensors);
      expect(memory().numTensors).to.equal(tensors);
    });

    it('output sensitivity is the squared relative error of the outputs with one layer quantized', async () => {
      const some = slice(x, 0, 64);
      const {
        model,
        layers: [layer],
        report,
        dispose,
      } = await lastValueFrom(
        compress(network).pipe(
          calibrate(x),
          spfqQuantize({bits: 2, include: 'middle', bias: false}),
          evaluate({xs: some}),
        ),
      );
      const start = await lastValueFrom(compress(network).pipe(calibrate(x)));
      const probe = await OutputProbe.open(start, {
        filter: () => undefined,
        bias: false,
        names: [],
        memory: 2 ** 20,
        seed: 0,
      });
      const [{features, neurons}] = layer.matrices;
      const values = matrix(features, neurons, Float64Array.from((await weightsOf(model))[2]));
      for (let again = 0; again < 2; again++) {
        // the first time leaves nothing in the layer
        expect(await probe.difference(1, {values: [values]})).to.be.closeTo(
          (report.evaluation?.relativeError ?? NaN) ** 2,
          1e-9,
        );
      }
      probe.dispose();
      some.dispose();
      dispose();
    });

    const budgeted = (budget: BudgetedQuantizeOptions['budget'], options: Partial<BudgetedQuantizeOptions> = {}) =>
      compress(network).pipe(calibrate(x), spfqQuantize({...options, bits: 'auto', budget}));

    /** Runs something that must leave the tensors of its model alone behind. */
    async function leavingResult(run: () => Promise<Compression>): Promise<Compression> {
      const tensors = memory().numTensors;
      const result = await run();
      expect(memory().numTensors - tensors).to.equal(network.weights.length);
      return result;
    }
  });
});
