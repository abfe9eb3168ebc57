import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type OperatorFunction} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  gpfqQuantize,
  magnitudePrune,
  OptionError,
  optqQuantize,
  rtnQuantize,
  spfqPrune,
  spfqQuantize,
  wandaPrune,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {quantizedLayers} from '../support/layers/quantizedLayers.ts';
import {causedTensor, masksOf, wideNetwork} from '../support/models/prunableNetworks.ts';
import {weightsOf} from '../support/models/smallNetworks.ts';
import {isHeldBack} from '../support/numerics/rowTurns.ts';

type Stage = OperatorFunction<Compression, Compression>;

const BARE = {rounding: 'nearest', scale: 'mse', sweeps: 0, bias: false} as const;

onBackends(['wasm'], () => {
  describe('the methods that stages are compared with', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = wideNetwork();
      x = causedTensor([128, 33], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    async function through(stage: Stage): Promise<Compression & {readonly weights: number[][]}> {
      const result = await lastValueFrom(compress(network).pipe(calibrate(x), stage));
      const weights = await weightsOf(result.model);
      result.dispose();
      return {...result, weights};
    }

    for (const [what, preset, spelled] of [
      [
        'rtnQuantize({bits: 3}): no alignment, no feedback',
        rtnQuantize({bits: 3}),
        spfqQuantize({bits: 3, alignment: 'none', feedback: 'none', ...BARE}),
      ],
      [
        "gpfqQuantize({bits: 2, granularity: 'tensor'}): order 1, path, C = 1",
        gpfqQuantize({bits: 2, granularity: 'tensor'}),
        spfqQuantize({bits: 2, granularity: 'tensor', ...BARE}),
      ],
      [
        'optqQuantize({bits: 3}): no alignment, optimal feedback',
        optqQuantize({bits: 3}),
        spfqQuantize({bits: 3, alignment: 'none', feedback: 'optimal', ...BARE}),
      ],
      [
        'magnitudePrune({sparsity: 0.7}): no least squares',
        magnitudePrune({sparsity: 0.7}),
        spfqPrune({sparsity: 0.7, mask: 'magnitude', iterations: 0, bias: false}),
      ],
      [
        'wandaPrune({pattern: {n: 1, m: 3}}): no least squares',
        wandaPrune({pattern: {n: 1, m: 3}}),
        spfqPrune({pattern: {n: 1, m: 3}, mask: 'wanda', iterations: 0, bias: false}),
      ],
    ] as const) {
      it(`${what}; the same as the stage with these options, bit by bit, but for its name`, async () => {
        const [found, expected] = [await through(preset), await through(spelled)];
        expect(found.layers).to.deep.equal(expected.layers);
        expect(found.weights).to.deep.equal(expected.weights);
        expect(found.report.stages).to.deep.equal([what.split('(')[0]]);
      });
    }

    it('rtnQuantize makes of each weight its nearest letter, w/s rounded and clipped', async () => {
      const {layers} = await through(rtnQuantize({bits: 3}));
      const before = await weightsOf(network);
      quantizedLayers(layers).forEach(
        (
          {
            matrices: [
              {
                codes,
                scales: {steps},
                neurons,
              },
            ],
          },
          l,
        ) => {
          before[2 * l].forEach((weight, i) => {
            const ratio = weight / steps[i % neurons];
            expect(Math.abs(codes[i] - Math.max(-3, Math.min(3, ratio)))).to.be.at.most(0.5 + 1e-9);
          });
        },
      );
    });

    it('each leaves biases as they are', async () => {
      const before = await weightsOf(network);
      for (const stage of [
        rtnQuantize({bits: 2}),
        gpfqQuantize({bits: 2}),
        optqQuantize({bits: 2}),
        magnitudePrune(),
        wandaPrune(),
      ]) {
        const {weights} = await through(stage);
        expect([weights[1], weights[3]]).to.deep.equal([before[1], before[3]]);
      }
    });

    it('on the same inputs, feedback lowers the error of rtnQuantize: gpfqQuantize and optqQuantize', async () => {
      const [rtn, gpfq, optq] = [rtnQuantize({bits: 2}), gpfqQuantize({bits: 2}), optqQuantize({bits: 2})].map(
        (stage) => through(stage),
      );
      const errorOf = async (result: ReturnType<typeof through>) => (await result).report.layers[0].relativeError;
      expect(await errorOf(gpfq)).to.be.lessThan(await errorOf(rtn));
      expect(await errorOf(optq)).to.be.lessThan(await errorOf(rtn));
    });

    it('magnitudePrune keeps the largest |w| as they are', async () => {
      const {weights} = await through(magnitudePrune({sparsity: 0.5}));
      const before = (await weightsOf(network))[0];
      const threshold = before.map(Math.abs).sort((a, b) => a - b)[before.length / 2];
      expect(weights[0]).to.deep.equal(before.map((weight) => (Math.abs(weight) >= threshold ? weight : 0)));
    });

    it('wandaPrune prunes each neuron alike: the smallest |w_t|·‖X_t‖ of its own', async () => {
      const {
        layers: [layer],
        weights,
      } = await through(wandaPrune({sparsity: 1 / 3}));
      const before = (await weightsOf(network))[0];
      const rows = Array.from(await x.data());
      // Rows 15, 31, … are held out.
      const norms = Array.from({length: 33}, (_, t) =>
        Math.hypot(...rows.filter((_, i) => i % 33 === t && !isHeldBack(Math.floor(i / 33)))),
      );
      const mask = masksOf(layer);
      for (let n = 0; n < 12; n++) {
        const scores = norms.map((norm, t) => Math.abs(before[t * 12 + n]) * norm);
        const pruned = scores
          .map((score, t) => [score, t] as const)
          .sort(([a], [b]) => a - b)
          .slice(0, 11)
          .map(([, t]) => t);
        norms.forEach((_, t) => {
          expect(mask[t * 12 + n], `${t}, ${n}`).to.equal(pruned.includes(t) ? 0 : 1);
        });
      }
      expect(weights[0]).to.deep.equal(before.map((weight, i) => (mask[i] === 0 ? 0 : weight)));
    });

    for (const [build, message] of [
      [
        () => rtnQuantize({feedback: 'path'} as never),
        "rtnQuantize: expected `feedback` to be absent: the method uses none, got 'path'",
      ],
      [
        () => rtnQuantize({sweeps: 2} as never),
        'rtnQuantize: expected `sweeps` to be absent: the method uses 0, got 2',
      ],
      [
        () => gpfqQuantize({scaling: 2} as never),
        'gpfqQuantize: expected `scaling` to be absent: the method uses 1, got 2',
      ],
      [
        () => optqQuantize({rounding: 'stochastic'} as never),
        "optqQuantize: expected `rounding` to be absent: the method uses nearest, got 'stochastic'",
      ],
      [
        () => magnitudePrune({mask: 'path'} as never),
        "magnitudePrune: expected `mask` to be absent: the method uses magnitude, got 'path'",
      ],
      [
        () => wandaPrune({iterations: 60} as never),
        'wandaPrune: expected `iterations` to be absent: the method uses 0, got 60',
      ],
      [
        () => rtnQuantize({bits: 9} as never),
        "rtnQuantize: expected `bits` to be an integer from 1 to 8 or 'ternary', got 9",
      ],
      [
        () => magnitudePrune({sparsity: 1}),
        'magnitudePrune: expected `sparsity` to be a number from 0 up to, not including, 1, got 1',
      ],
    ] as const) {
      it(message, () => {
        expect(build).to.throw(OptionError, message);
      });
    }
  });
});
