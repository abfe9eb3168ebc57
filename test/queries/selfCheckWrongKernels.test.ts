import 'tfjs-compress/plugins/webgpu';
import {type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import {layers, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {type Compression, selfCheck, SelfCheckError} from 'tfjs-compress';
import {disposeModel} from '../../src/model/disposeModel.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {networkOf, packed, PACKED_KINDS, quantized, withSpoiltKernel} from '../support/models/packedModels.ts';
import {gaussianTensor, predictionsOf, randomize} from '../support/models/smallNetworks.ts';
import {pattern} from '../support/pattern.ts';

/** What wrong kernels give, and what a right one never would. */
const WRONG: Readonly<Record<string, (i: number) => number>> = {
  'other numbers': (i) => (i % 7) - 3,
  zeros: () => 0,
  NaN: () => NaN,
  Infinity: () => Infinity,
  'NaN in one place': (i) => (i === 1 ? NaN : 0.25),
};

onBackends(['cpu', 'webgpu'], (backend) => {
  const ops = {
    Dense: 'PackedMatMul',
    Conv1D: 'PackedConv2D',
    Conv2D: 'PackedConv2D',
    DepthwiseConv2D: 'PackedDepthwiseConv2D',
  } as const;

  for (const kind of ['Dense', 'Conv1D', 'Conv2D', 'DepthwiseConv2D'] as const) {
    describe(`selfCheck with a wrong kernel of ${ops[kind]} under a ${kind}`, () => {
      let small: Compression;
      let x: Tensor;
      let right: number[];
      beforeEach(async () => {
        const network = networkOf(kind);
        x = gaussianTensor([3, ...PACKED_KINDS[kind].shape], 1);
        const compression = await quantized(network, x, {bits: 2});
        small = await packed(compression);
        right = await predictionsOf(compression.model, x);
        compression.dispose();
        network.dispose();
      });
      afterEach(() => {
        small.dispose();
        x.dispose();
      });

      for (const [what, entry] of Object.entries(WRONG).filter(
        ([numbers]) => backend === 'cpu' || numbers === 'zeros' || numbers === 'NaN in one place',
      )) {
        it(`${what}: is refused, by name`, () =>
          withSpoiltKernel(ops[kind], backend, entry, async () => {
            for (const probe of [undefined, x]) {
              const error = await errorFrom(() => selfCheck(small.model, probe));
              if (!(error instanceof SelfCheckError)) throw error;
              expect(error.message).to.match(
                pattern(
                  /^selfCheck: expected packed layers to compute on backend '\w+' what their float32 weights /,
                  /give, .*layer 'first' is off by /,
                ),
              );
              expect(error.report.layers[0]).to.include({name: 'first', route: 'packed', passed: false});
            }
          }));

        it(`${what}: is worked round, and the report says so`, () =>
          withSpoiltKernel(ops[kind], backend, entry, async () => {
            const report = await selfCheck(small.model, x, {onFailure: 'decode'});
            expect(report.layers[0]).to.include({name: 'first', route: 'decoded', passed: false});
            expect(report.toString()).to.match(/^first: FAILED, .*; decoded to float32 instead$/m);
            expect(await predictionsOf(small.model, x)).to.satisfy((found: number[]) =>
              found.every((value, i) => Math.abs(value - right[i]) < 1e-6),
            );
            expect((await selfCheck(small.model, x)).layers[0]).to.include({
              route: 'decoded',
              inputs: 'none',
              passed: true,
            });
          }));
      }
    });
  }

  describe('selfCheck(model, probe)', () => {
    it('finds a kernel that is wrong for one sample alone', async () => {
      const network = networkOf('Dense');
      const x = gaussianTensor([8, 13], 1);
      const compression = await quantized(network, x, {bits: 4});
      const small = await packed(compression);
      for (const probe of [undefined, x]) {
        const error = await errorFrom(() =>
          withSpoiltKernel(
            'PackedMatMul',
            backend,
            () => 0,
            () => selfCheck(small.model, probe),
            ([rows]) => rows === 1,
          ),
        );
        expect(error).to.be.instanceOf(SelfCheckError);
      }
      expect((await selfCheck(small.model, x)).layers.every(({passed}) => passed)).to.equal(true);
      [network, x, compression, small].forEach((one) => {
        one.dispose();
      });
    });
  });

  describe('selfCheck of a relu', () => {
    it('that gives 0 for the probe compares on random inputs, and finds a kernel of zeros', async () => {
      const network = sequential({
        layers: [
          layers.dense({name: 'first', inputShape: [6], units: 4, activation: 'relu'}),
          layers.dense({units: 2}),
        ],
      });
      randomize(network, 1);
      const x = gaussianTensor([12, 6], 1);
      const compression = await quantized(network, x, {bits: 4});
      const small = await packed(compression);
      const zeros = tensor(new Float32Array(18), [3, 6]);
      expect((await selfCheck(small.model, zeros)).layers[0]).to.include({inputs: 'random', passed: true});
      expect(
        await errorFrom(() =>
          withSpoiltKernel(
            'PackedMatMul',
            backend,
            () => 0,
            () => selfCheck(small.model, zeros),
          ),
        ),
      ).to.be.instanceOf(SelfCheckError);
      [small, compression, network, x, zeros].forEach((one) => {
        one.dispose();
      });
    });

    it('that gives 0 whatever comes passes if the kernel gives exactly 0, and the report says so', async () => {
      const network = sequential({
        layers: [layers.dense({name: 'first', inputShape: [6], units: 4, activation: 'relu'})],
      });
      randomize(network, 1);
      const [kernel] = network.getWeights();
      const bias = tensor([-99, -99, -99, -99]);
      network.setWeights([kernel, bias]);
      const x = gaussianTensor([12, 6], 1);
      const compression = await quantized(network, x, {bits: 4, bias: false});
      const small = await packed(compression);
      const report = await selfCheck(small.model, x);
      expect(report.layers[0]).to.include({maxError: 0, passed: true});
      expect(report.toString()).to.match(/; all outputs are 0$/);
      expect(
        await errorFrom(() =>
          withSpoiltKernel(
            'PackedMatMul',
            backend,
            () => 1e-3,
            () => selfCheck(small.model, x),
          ),
        ),
      ).to.be.instanceOf(SelfCheckError);
      [small, compression, network, x, bias].forEach((one) => {
        one.dispose();
      });
    });
  });
});

async function errorFrom(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error, got none');
}

onBackends(['cpu'], () => {
  describe('selfCheck of a saturated softmax', () => {
    it('finds a kernel that is wrong by half, though the probabilities are the same', async () => {
      const network = sequential({
        layers: [layers.dense({name: 'scores', units: 3, inputShape: [6], activation: 'softmax'})],
      });
      tidy(() => {
        network.setWeights([
          tensor(
            Float32Array.from({length: 18}, (_, i) => (i % 3 === 1 ? 100 : -100)),
            [6, 3],
          ),
          tensor([0, 0, 0]),
        ]);
      });
      const x = tensor(new Float32Array(24).fill(1), [4, 6]);
      const compression = await quantized(network, x, {bits: 4});
      const small = await packed(compression);
      const right = await predictionsOf(small.model, x);
      await withSpoiltKernel(
        'PackedMatMul',
        'cpu',
        (i) => (i % 3 === 1 ? 300 : -300),
        async () => {
          expect(await predictionsOf(small.model, x)).to.deep.equal(right);
          expect(await selfCheck(small.model, x).catch((error: unknown) => error)).to.be.instanceOf(SelfCheckError);
        },
      );
      [small, compression].forEach((owner) => {
        owner.dispose();
      });
      disposeModel(network);
      x.dispose();
    });
  });
});
