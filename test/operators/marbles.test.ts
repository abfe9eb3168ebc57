import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {map} from 'rxjs';
import {TestScheduler} from 'rxjs/testing';
import {calibrate, compress, type Compression, progress} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork} from '../support/models/smallNetworks.ts';

onBackends(['wasm'], () => {
  describe('marbles', () => {
    let network: LayersModel;
    before(() => {
      network = denseNetwork();
    });
    after(() => {
      network.dispose();
    });

    const marbles = (run: Parameters<TestScheduler['run']>[0]) => {
      new TestScheduler((actual, expected) => {
        expect(actual).to.deep.equal(expected);
      }).run(run);
    };

    it('compress emits and completes in the frame of its subscription', () => {
      marbles(({expectObservable}) => {
        const source = compress(network).pipe(map(({model}) => (model === network ? 'original' : 'other')));
        expectObservable(source).toBe('   (a|)', {a: 'original'});
        expectObservable(source, '---^').toBe('---(a|)', {a: 'original'});
      });
    });

    it('calibrate maps in the same frame, and lets its source go', () => {
      marbles(({hot, expectObservable, expectSubscriptions}) => {
        const source = hot('   --a--b--|', compressions(network));
        const subs = '         ^-------!';
        const expected = '     --a--b--|';
        expectObservable(
          source.pipe(
            calibrate(() => []),
            map(({seed, calibration}) => [seed, calibration?.samples]),
          ),
        ).toBe(expected, {a: [0, 4096], b: [1, 4096]});
        expectSubscriptions(source.subscriptions).toBe(subs);
      });
    });

    it('calibrate stops when it is unsubscribed from', () => {
      marbles(({hot, expectObservable, expectSubscriptions}) => {
        const source = hot('   --a--b--|', compressions(network));
        const unsub = '        ----!';
        const expected = '     --a--';
        expectObservable(
          source.pipe(
            calibrate(() => []),
            map(({seed}) => seed),
          ),
          unsub,
        ).toBe(expected, {a: 0});
        expectSubscriptions(source.subscriptions).toBe('^---!');
      });
    });

    it('progress adds its observer in the same frame, and passes errors on', () => {
      marbles(({cold, expectObservable, expectSubscriptions}) => {
        const source = cold('  --a--#', compressions(network));
        const expected = '     --a--#';
        expectObservable(
          source.pipe(
            progress(() => undefined),
            progress({next: () => undefined}),
            map(({observers}) => observers.length),
          ),
        ).toBe(expected, {a: 2});
        expectSubscriptions(source.subscriptions).toBe('^----!');
      });
    });
  });
});

function compressions(network: LayersModel): Record<string, Compression> {
  const [a, b] = [0, 1].map((seed) => {
    const emitted: Compression[] = [];
    compress(network, {seed})
      .pipe(map((one) => one))
      .subscribe((one) => emitted.push(one));
    return emitted[0];
  });
  return {a, b};
}
