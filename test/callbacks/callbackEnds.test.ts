import {memory} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {from, lastValueFrom, map, tap, toArray} from 'rxjs';
import {DataError, epochEnd, ModelError, spfqQuantize, trainEnd} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {errorOf, untilTensors} from '../support/models/smallNetworks.ts';
import {withTrainableNetwork} from '../support/models/trainableNetwork.ts';

onBackends(['cpu', 'wasm'], () => {
  describe('callbacks that have ended', () => {
    const trainable = withTrainableNetwork();

    it('a failing pipeline is the end of the others, too: they complete', async () => {
      const before = memory().numTensors;
      const epochs = epochEnd();
      epochs.setModel(trainable.network);
      epochs.pipe(spfqQuantize({bits: 4})).subscribe();
      const others = lastValueFrom(
        epochs.pipe(
          tap(({dispose}) => {
            dispose();
          }),
          map(({epoch}) => epoch),
          toArray(),
        ),
      );
      expect(await errorOf(from(epochs.onEpochEnd(0)))).to.be.instanceOf(DataError);
      expect(await others).to.deep.equal([1]);
      await untilTensors(before);
      expect(memory().numTensors).to.equal(before);
    });

    it('refuse a second training, in which they would emit nothing', async () => {
      for (const ended of [epochEnd(), trainEnd()]) {
        ended.subscribe(({dispose}) => {
          dispose();
        });
        await trainable.network.fit(trainable.x, trainable.y, {epochs: 1, verbose: 0, callbacks: ended});
        const before = memory().numTensors;
        const error = await errorOf(
          from(trainable.network.fit(trainable.x, trainable.y, {epochs: 1, verbose: 0, callbacks: ended})),
        );
        expect(error).to.be.instanceOf(ModelError);
        expect(error.message).to.match(
          /^(epochEnd|trainEnd): expected one training, got another after its end; make a new \1\(\) for each fit$/,
        );
        expect(memory().numTensors).to.equal(before);
      }
    });
  });
});
