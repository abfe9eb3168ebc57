import 'tfjs-compress/plugins/webgpu';
import {getKernel, memory, registerKernel, type Tensor, tensor, unregisterKernel} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, tap} from 'rxjs';
import {
  BackendError,
  calibrate,
  compress,
  type Compression,
  correct,
  evaluate,
  fit,
  ModelError,
  OptionError,
  pack,
  progress,
  type ProgressEvent,
  rtnQuantize,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {FAST, packed} from '../support/models/packedModels.ts';
import {denseNetwork, errorOf, gaussianTensor, leavingAlone, untilTensors} from '../support/models/smallNetworks.ts';
import {pattern} from '../support/pattern.ts';

onBackends(['cpu', 'wasm', 'webgpu'], (backend) => {
  const route = backend === 'wasm' ? 'decoded' : 'packed';

  describe('pack()', () => {
    let network: LayersModel;
    let x: Tensor;
    let start: number;
    const quick = spfqQuantize({bits: 3, ...FAST});
    const ready = () => compress(network).pipe(calibrate(x), quick);
    before(() => {
      network = denseNetwork();
      x = gaussianTensor([40, 6], 1);
      start = memory().numTensors;
    });
    afterEach(async () => {
      await untilTensors(start);
      expect(memory().numTensors).to.equal(start);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    it('says in the report how layers are computed, and in how many bytes', async () => {
      const {report, dispose} = await lastValueFrom(ready().pipe(pack({selfCheck: true})));
      expect(report.stages.at(-1)).to.equal('pack');
      expect(report.packing?.backend).to.equal(backend);
      expect(report.packing?.layers.map(({name, route: taken}) => [name, taken])).to.deep.equal([
        ['hidden', route],
        ['scores', route],
      ]);
      // Decoded: 4 bytes for each of 6 · 8 and 8 · 3 weights, and of the biases.
      if (route === 'decoded')
        expect(report.packing?.layers.map(({bytes}) => bytes)).to.deep.equal([4 * (6 * 8 + 8), 4 * (8 * 3 + 3)]);
      expect(report.packing?.selfCheck?.layers.every(({passed}) => passed)).to.equal(true);
      expect(structuredClone(report.toJSON()).packing).to.deep.equal(report.packing);
      expect(report.toString()).to.match(
        route === 'packed'
          ? pattern(
              /^computed from packed weights on '\w+': hidden, scores; \d+ bytes\nself-check: 2 layers passed, /m,
              /largest relative error \d/m,
            )
          : pattern(
              /^decoded to float32 on 'wasm': hidden, scores; 332 bytes\nself-check: nothing to compare, as /m,
              /every layer is decoded/m,
            ),
      );
      dispose();
    });

    it('checks by itself on WebGPU only', async () => {
      const {report, dispose} = await lastValueFrom(ready().pipe(pack()));
      expect(report.packing?.selfCheck !== undefined).to.equal(backend === 'webgpu');
      dispose();
    });

    if (backend === 'webgpu') {
      it('without the plugin makes a model to be saved, and says so', async () => {
        const kernel = getKernel('PackedMatMul', backend);
        unregisterKernel('PackedMatMul', backend);
        try {
          const {report, dispose} = await lastValueFrom(ready().pipe(pack()));
          expect(report.packing?.layers.map(({route: taken}) => taken)).to.deep.equal([undefined, undefined]);
          expect(report.toString()).to.match(
            /^not computed on 'webgpu', whose plugin is missing: hidden, scores; \d+ bytes$/m,
          );
          dispose();
          expect(await leavingAlone(network, () => errorOf(ready().pipe(pack({selfCheck: true}))))).to.be.instanceOf(
            BackendError,
          );
        } finally {
          registerKernel(kernel);
        }
      });
    }

    it('evaluates as before', async () => {
      const ys = tensor(
        Float32Array.from({length: 40}, (_, i) => i % 3),
        [40],
      );
      const unpacked = await lastValueFrom(ready().pipe(evaluate({xs: x, ys})));
      const small = await packed(unpacked, {}, evaluate({xs: x, ys}));
      expect(small.report.stages).to.deep.equal(['spfqQuantize', 'evaluate', 'pack', 'evaluate']);
      expect(small.report.evaluation).to.include({
        samples: 40,
        accuracyBefore: unpacked.report.evaluation?.accuracyBefore,
        accuracyAfter: unpacked.report.evaluation?.accuracyAfter,
        agreement: unpacked.report.evaluation?.agreement,
      });
      expect(small.report.evaluation?.relativeError).to.be.closeTo(
        unpacked.report.evaluation?.relativeError ?? NaN,
        1e-6,
      );
      [unpacked, small, ys].forEach((one) => {
        one.dispose();
      });
    });

    it('lets progress follow, and be followed', async () => {
      const events: ProgressEvent[] = [];
      const small = await lastValueFrom(
        ready().pipe(
          progress((event) => {
            events.push(event);
          }),
          pack(),
          progress((event) => {
            events.push(event);
          }),
          evaluate({xs: x}),
        ),
      );
      expect(events.filter(({fraction}) => fraction === 1).map(({stage}) => stage)).to.deep.equal([
        'pack',
        'evaluate',
        'evaluate',
      ]);
      small.dispose();
    });

    it('refuses options that it does not know', () => {
      for (const options of [{selfCheck: 'refuse'}, {selfCheck: 1}, {selfcheck: true}, null])
        expect(() => pack(options as never)).to.throw(OptionError);
    });

    it('refuses a model that nothing was done to', async () => {
      const error = await leavingAlone(network, () => errorOf(compress(network).pipe(pack())));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.equal(
        'pack: expected a compression with compressed layers, got none; put spfqQuantize or spfqPrune before it',
      );
    });

    for (const [name, stage] of Object.entries({
      spfqQuantize: quick,
      'spfqQuantize with a budget': spfqQuantize({bits: 'auto', budget: {bitsPerWeight: 3}}),
      spfqPrune: spfqPrune(),
      rtnQuantize: rtnQuantize(),
      correct: correct(),
      pack: pack(),
    })) {
      it(`is followed by no ${name}`, async () => {
        const error = await leavingAlone(network, () => errorOf(ready().pipe(pack(), stage)));
        expect(error).to.be.instanceOf(ModelError);
        expect(error.message).to.match(
          /^\w+: expected a model that is not packed, found the packed layer 'hidden'; .*pack\(\)/,
        );
      });
    }

    it('makes a model that compress() and fit() refuse', async () => {
      const small = await lastValueFrom(ready().pipe(pack()));
      const error = await errorOf(compress(small.model));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.equal(
        "compress: expected a model that is not packed, found the packed layer 'hidden'; a packed model cannot " +
          'be compressed again: load the float model',
      );
      expect((await errorOf(fit(small.model, x, x))).message).to.match(/^fit: expected a model that is not packed, /);
      small.dispose();
    });

    it('refuses weights that were changed since, and says which', async () => {
      const change = tap<Compression>(({model}) => {
        const [kernel, ...others] = model.getWeights();
        const other = tensor(new Float32Array(kernel.size).fill(0.123), kernel.shape);
        model.setWeights([other, ...others]);
        other.dispose();
      });
      const error = await leavingAlone(network, () => errorOf(ready().pipe(change, pack())));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.match(
        pattern(
          /^pack: expected weight \d+ of layer 'hidden' to be the letter .* found 0\.123.*; the model was /,
          /changed after it was compressed: compress it again$/,
        ),
      );
    });

    for (const check of [false, true, 'decode'] as const) {
      it(`unsubscribed midway leaves nothing, selfCheck: ${check}`, async () => {
        for (const delay of [0, 1, 2, 4, 8]) {
          await new Promise<void>((resolve) => {
            const stop = tap<Compression>(() => {
              setTimeout(() => {
                subscription.unsubscribe();
              }, delay);
            });
            const subscription = ready()
              .pipe(stop, pack({selfCheck: check}))
              .subscribe((small) => {
                small.dispose();
              });
            subscription.add(resolve);
          });
          await untilTensors(start);
          expect(memory().numTensors).to.equal(start);
        }
      });
    }

    it("ends the stream at an observer's error, and leaves nothing", async () => {
      const error = await errorOf(
        ready().pipe(
          progress(() => {
            throw new Error('observer');
          }),
          pack({selfCheck: true}),
        ),
      );
      expect(error.message).to.equal('observer');
    });
  });
});
