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
  OptionError,
  progress,
  type ProgressEvent,
  spfqPrune,
  type SpfqPruneOptions,
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

const ALPHABETS = [2, 3, 4, 7, 15, 31, 63, 255];

describe('options of a budget that are refused when the operator is built', () => {
  const ONE_OF =
    "{bitsPerWeight}, {bytes} or {maxRelativeError}, one of them, with a positive number, for bits: 'auto'";
  for (const [options, message] of [
    [{bits: 'auto'}, `expected \`budget\` to be ${ONE_OF}, got undefined`],
    [{bits: 'auto', budget: {}}, `expected \`budget\` to be ${ONE_OF}, got {}`],
    [{bits: 'auto', budget: 3}, `expected \`budget\` to be ${ONE_OF}, got 3`],
    [{bits: 'auto', budget: {bytes: 0}}, `expected \`budget\` to be ${ONE_OF}, got {"bytes":0}`],
    [{bits: 'auto', budget: {bits: 3}}, `expected \`budget\` to be ${ONE_OF}, got {"bits":3}`],
    [
      {bits: 'auto', budget: {bytes: 9, bitsPerWeight: 3}},
      `expected \`budget\` to be ${ONE_OF}, got {"bytes":9,"bitsPerWeight":3}`,
    ],
    [{budget: {bytes: 9}}, 'expected `budget` to be absent without bits: \'auto\', got {"bytes":9}'],
    [{bits: 3, budget: {bytes: 9}}, 'expected `budget` to be absent without bits: \'auto\', got {"bytes":9}'],
    [
      {bits: 'auto', budget: {bytes: 9}, levels: 4},
      "expected `levels` to be absent with bits: 'auto', which chooses the letters, got 4",
    ],
    [
      {bits: 'auto', budget: {bytes: 9}, layout: 'symmetric'},
      "expected `layout` to be absent with bits: 'auto', which chooses the letters, got 'symmetric'",
    ],
    [{bits: 'auto', budget: {bytes: 9}, samples: 65}, 'expected `samples` to be an integer from 1 to 64, got 65'],
  ] as const) {
    it(`spfqQuantize(${JSON.stringify(options)})`, () => {
      expect(() => spfqQuantize(options as never)).to.throw(OptionError, `spfqQuantize: ${message}`);
    });
  }

  for (const [options, message] of [
    [{scope: 'all'}, "expected `scope` to be one of 'layer', 'model', got 'all'"],
    [
      {scope: 'model', threshold: 0.1},
      "expected `scope` to be 'layer' with `threshold`, which says by itself how many weights are pruned, got 'model'",
    ],
    [
      {scope: 'model', pattern: '2:4'},
      "expected `scope` to be 'layer' with a pattern n:m, which prunes every layer alike, got 'model'",
    ],
  ] as const) {
    it(`spfqPrune(${JSON.stringify(options)})`, () => {
      expect(() => spfqPrune(options as never)).to.throw(OptionError, `spfqPrune: ${message}`);
    });
  }
});

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
    const pruned = (options: SpfqPruneOptions): Promise<Compression> =>
      lastValueFrom(compress(network).pipe(calibrate(x), spfqPrune({include: /./, ...options})));

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
        /^spfqQuantize: expected a budget of at least ([\d.]+) bits per weight, scales included, which the smallest letters of every layer take, got 1.2$/.exec(
          error.message,
        )?.[1],
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
        /^spfqQuantize: layer 'wide': expected a relative error up to 0.000001, reached [\d.]+ % at 8 bits; allow a larger `maxRelativeError`, or leave the layer out by `exclude`$/,
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

    for (const sparsity of [0, 0.3, 0.777, 0.95]) {
      it(`scope: 'model' prunes ${100 * sparsity} % of all weights, to one weight`, async () => {
        const {report, model, dispose} = await leavingResult(() => pruned({sparsity, scope: 'model'}));
        const kernels = (await weightsOf(model)).filter((_, i) => i % 2 === 0).flat();
        const zeros = report.layers.reduce(
          (sum, {sparsity: share, shape}) => sum + Math.round(share * shape[0] * shape[1]),
          0,
        );
        expect(zeros).to.equal(Math.round(sparsity * kernels.length));
        expect(kernels.filter((weight) => weight === 0)).to.have.length(zeros);
        dispose();
      });
    }

    it("scope: 'model' prunes layers by different shares, the same for the same seed", async () => {
      const shares = async () => {
        const {report, dispose} = await pruned({sparsity: 0.6, scope: 'model', seed: 3});
        dispose();
        return report.layers.map(({sparsity}) => sparsity);
      };
      const [one, other] = [await shares(), await shares()];
      expect(one).to.deep.equal(other);
      expect(Math.max(...one) - Math.min(...one)).to.be.greaterThan(0.05);
    });

    it("scope: 'model' after an earlier pruning revives nothing", async () => {
      const {report, dispose} = await lastValueFrom(
        compress(network).pipe(
          calibrate(x),
          spfqPrune({sparsity: 0.5, include: 'middle'}),
          spfqPrune({sparsity: 0.7, scope: 'model', include: /./}),
        ),
      );
      const zeros = report.layers.reduce(
        (sum, {sparsity, shape}) => sum + Math.round(sparsity * shape[0] * shape[1]),
        0,
      );
      expect(zeros).to.equal(Math.round(0.7 * (480 + 800 + 80)));
      expect(report.layers.find(({name}) => name === 'middle')?.sparsity).to.be.at.least(0.5);
      dispose();
    });

    it('what the outputs feel of one layer is the square of their relative error with that layer alone quantized', async () => {
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
