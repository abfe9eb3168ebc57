import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import type {OperatorFunction} from 'rxjs';
import {calibrate, compress, type Compression, ModelError, spfqPrune, type SpfqPruneOptions} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {causedTensor, prunableConvnet} from '../support/models/prunableNetworks.ts';
import {errorOf, leavingAlone, weightsOf} from '../support/models/smallNetworks.ts';
import {pruneKernels} from './prunedKernels.ts';

onBackends(['wasm'], () => {
  describe('spfqPrune', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = prunableConvnet();
      x = causedTensor([96, 6, 6, 4], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const through = (...stages: ReadonlyArray<OperatorFunction<Compression, Compression>>) =>
      pruneKernels(network, x, stages);
    const pruned = (options: SpfqPruneOptions) => through(spfqPrune(options));

    it('keeps narrow, output and ill-fitting layers dense, and says so; `include` overrides it', async () => {
      const {report, kernels} = await pruned({pattern: '2:4'});
      const before = await weightsOf(network);
      expect(report.skipped).to.deep.equal([
        {
          stage: 'spfqPrune',
          name: 'depthwise',
          className: 'DepthwiseConv2D',
          reason: '9 features, fewer than 32, stay dense; `include` overrides this',
        },
        {
          stage: 'spfqPrune',
          name: 'hidden',
          className: 'Dense',
          reason: '63 features cannot be divided by the 4 of pattern 2:4',
        },
        {
          stage: 'spfqPrune',
          name: 'out',
          className: 'Dense',
          reason: 'the output layer stays dense, because zeros there starve single outputs; `include` overrides this',
        },
      ]);
      expect([kernels.get('depthwise'), kernels.get('hidden'), kernels.get('out')]).to.deep.equal([
        before[2],
        before[4],
        before[6],
      ]);
      expect((await pruned({include: ['out', 'depthwise']})).layers.map(({name}) => name)).to.deep.equal([
        'depthwise',
        'out',
      ]);
    });

    it('an included layer whose features m does not divide ends the stream with a ModelError naming it', async () => {
      const error = await leavingAlone(network, () =>
        errorOf(
          compress(network).pipe(calibrate(x, {rows: 1024}), spfqPrune({pattern: '2:4', include: ['conv', 'hidden']})),
        ),
      );
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.equal(
        "spfqPrune: layer 'hidden': expected features that the 4 of pattern 2:4 divides, got 63; " +
          'leave the layer out of `include`, or choose another pattern',
      );
    });
  });
});
