import 'tfjs-compress/plugins/webgpu';
import {memory, type Tensor, tensor2d} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {from, lastValueFrom} from 'rxjs';
import {calibrate, compress, pack, selfCheck, SelfCheckError, spfqCompress, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {relativeDifference, withSpoiltKernel} from '../../support/models/packedModels.ts';
import {errorOf, predictionsOf, randomize} from '../../support/models/smallNetworks.ts';

const VOCABULARY = 600;
const DIMENSION = 6;
const SHAPE: [number, number] = [30, 20];

onBackends(['cpu', 'wasm', 'webgpu'], (backend) => {
  const route = backend === 'wasm' ? 'decoded' : 'packed';

  describe('a packed Embedding', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = sequential({
        layers: [
          layers.embedding({name: 'words', inputDim: VOCABULARY, outputDim: DIMENSION, inputLength: SHAPE[1]}),
          layers.flatten(),
          layers.dense({name: 'out', units: 2}),
        ],
      });
      randomize(network, 5);
      x = tensor2d(
        Int32Array.from({length: SHAPE[0] * SHAPE[1]}, (_, i) => (i * 7919) % VOCABULARY),
        SHAPE,
        'int32',
      );
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    for (const [name, stage] of [
      ['4 bits', spfqQuantize({bits: 4, samples: 1})],
      ['two letters with offsets', spfqQuantize({bits: 1, samples: 1, scaling: 1})],
      ['3 bits, half of them pruned', spfqCompress({bits: 3, samples: 1, include: 'words'})],
      ['groups of 64 rows', spfqQuantize({bits: 4, samples: 1, granularity: {group: 64}})],
    ] as const) {
      it(`looks up what it would decoded: ${name}`, async () => {
        const float = await lastValueFrom(compress(network).pipe(calibrate(x), stage));
        const expected = await predictionsOf(float.model, x);
        float.dispose();
        const small = await lastValueFrom(compress(network).pipe(calibrate(x), stage, pack({selfCheck: true})));
        expect(small.report.packing?.layers[0]).to.include({name: 'words', route});
        expect(small.report.packing?.selfCheck?.layers[0]).to.include({
          passed: true,
          inputs: route === 'packed' ? 'probe' : 'none',
        });
        expect(relativeDifference(expected, await predictionsOf(small.model, x))).to.be.below(1e-5);
        const floats = tensor2d(Float32Array.from(await x.data()), SHAPE);
        expect(relativeDifference(expected, await predictionsOf(small.model, floats))).to.be.below(1e-5);
        floats.dispose();
        small.dispose();
      });
    }

    if (backend === 'wasm') return;

    it('is never float32 in memory', async () => {
      const big = sequential({
        layers: [
          layers.embedding({name: 'words', inputDim: 8000, outputDim: 16, inputLength: SHAPE[1]}),
          layers.flatten(),
          layers.dense({name: 'out', units: 2}),
        ],
      });
      const small = await lastValueFrom(
        compress(big).pipe(
          calibrate(x),
          spfqQuantize({bits: 4, samples: 1, sweeps: 0, scale: 'absmax', include: 'words'}),
          pack({selfCheck: false}),
        ),
      );
      big.dispose();
      const before = memory().numBytes;
      await predictionsOf(small.model, x);
      // The words that the kernel reads, half a byte for each weight, and the steps, besides those that are stored.
      expect(memory().numBytes - before).to.be.below(8000 * 16 * 0.5 * 1.1 + 4 * 32 * 16);
      small.dispose();
    });

    it('that is computed wrongly is found out, on random words too', async () => {
      const small = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, samples: 1}), pack({selfCheck: false})),
      );
      expect((await selfCheck(small.model)).layers[0]).to.include({inputs: 'random', passed: true});
      const error = await withSpoiltKernel(
        'PackedGather',
        backend,
        (i) => i % 3,
        () => errorOf(from(selfCheck(small.model, x))),
      );
      expect(error).to.be.instanceOf(SelfCheckError);
      expect(String(error)).to.include("layer 'words' is off by");
      small.dispose();
    });

    if (backend === 'cpu') {
      it('refuses words that it has no row for', async () => {
        const small = await lastValueFrom(
          compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, samples: 1}), pack()),
        );
        const beyond = tensor2d(new Int32Array(SHAPE[1]).fill(VOCABULARY), [1, SHAPE[1]], 'int32');
        expect(() => small.model.predict(beyond)).to.throw('PackedGather: expected row indices from 0 to 599, got 600');
        beyond.dispose();
        small.dispose();
      });
    }
  });
});
