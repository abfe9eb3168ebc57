import {memory, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {firstValueFrom, forkJoin, lastValueFrom, map, Observable, throwError, toArray} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  evaluate,
  progress,
  type ProgressEvent,
  spfqQuantize,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {codesOf as codesOfLayers} from '../support/layers/quantizedLayers.ts';
import {denseNetwork, gaussianTensor, predictionsOf} from '../support/models/smallNetworks.ts';

onBackends(['wasm'], () => {
  describe('a pipeline', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = denseNetwork();
      x = gaussianTensor([64, 6], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    const codesOf = map(({layers, dispose}: Compression) => {
      dispose();
      return codesOfLayers(layers);
    });

    it('one operator in two subscriptions at once gives equal codes', async () => {
      const quantize = spfqQuantize({bits: 2});
      const calibrated = calibrate(x);
      const stream = compress(network).pipe(calibrated, quantize, codesOf);
      const [first, second] = await lastValueFrom(
        forkJoin([stream, compress(network).pipe(calibrated, quantize, codesOf)]),
      );
      const again = await lastValueFrom(stream);
      expect(second).to.deep.equal(first);
      expect(again).to.deep.equal(first);
    });

    it('another seed gives other codes; a stage takes the seed of the pipeline unless it has its own', async () => {
      const codes = async (seed: number, own: {seed?: number}) =>
        lastValueFrom(
          compress(network, {seed}).pipe(calibrate(x), spfqQuantize({bits: 3, samples: 1, sweeps: 0, ...own}), codesOf),
        );
      const [zero, one, three] = [await codes(0, {}), await codes(1, {}), await codes(1, {seed: 3})];
      expect(one).not.to.deep.equal(zero);
      expect(await codes(1, {})).to.deep.equal(one);
      expect(await codes(0, {seed: 3})).to.deep.equal(three);
    });

    it('nothing runs before subscription', () => {
      let opened = 0;
      const tensors = memory().numTensors;
      compress(network).pipe(
        calibrate(() => {
          opened++;
          return [];
        }),
        spfqQuantize(),
        evaluate(() => {
          opened++;
          return [];
        }),
      );
      expect(opened).to.equal(0);
      expect(memory().numTensors).to.equal(tensors);
    });

    it('emits once, then completes', async () => {
      const events: string[] = [];
      await new Promise<void>((resolve, reject) => {
        compress(network)
          .pipe(calibrate(x), spfqQuantize({bits: 2}))
          .subscribe({
            next: (compression) => {
              events.push('next');
              compression.dispose();
            },
            complete: () => {
              events.push('complete');
              setTimeout(resolve, 20);
            },
            error: reject,
          });
      });
      expect(events).to.deep.equal(['next', 'complete']);
    });

    it('ends exactly once with an error', async () => {
      const events: string[] = [];
      compress(network)
        .pipe(spfqQuantize())
        .subscribe({
          next: () => events.push('next'),
          complete: () => events.push('complete'),
          error: () => events.push('error'),
        });
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
      expect(events).to.deep.equal(['error']);
    });

    it('an error of the source goes through every stage untouched', async () => {
      const own = new Error('own');
      const caught = await lastValueFrom(
        throwError(() => own).pipe(
          calibrate(x),
          progress(() => undefined),
          spfqQuantize(),
          evaluate({xs: x}),
        ),
      ).catch((error: unknown) => error);
      expect(caught).to.equal(own);
    });

    it('several compressions are taken one after the other, each with its own codes', async () => {
      const source = new Observable<Compression>((subscriber) => {
        [0, 1].forEach((seed) => {
          void firstValueFrom(compress(network, {seed})).then((one) => {
            subscriber.next(one);
            if (seed === 1) subscriber.complete();
          });
        });
      });
      const both = await lastValueFrom(
        source.pipe(calibrate(x), spfqQuantize({bits: 3, samples: 1, sweeps: 0}), codesOf, toArray()),
      );
      expect(both).to.have.length(2);
      expect(both[0]).not.to.deep.equal(both[1]);
    });

    it('a second stage over the same layers gives the same model as alone: it starts from the original', async () => {
      const fine = spfqQuantize({bits: 8});
      const coarse = spfqQuantize({bits: 2});
      const alone = await lastValueFrom(compress(network).pipe(calibrate(x), coarse));
      const after = await lastValueFrom(compress(network).pipe(calibrate(x), fine, coarse));
      expect(after.layers.map(({matrices}) => matrices)).to.deep.equal(alone.layers.map(({matrices}) => matrices));
      expect(await predictionsOf(after.model, x)).to.deep.equal(await predictionsOf(alone.model, x));
      expect(after.report.stages).to.deep.equal(['spfqQuantize', 'spfqQuantize']);
      expect(after.report.layers.map(({name, levels}) => [name, levels])).to.deep.equal([
        ['hidden', 4],
        ['scores', 4],
      ]);
      [alone, after].forEach((one) => {
        one.dispose();
      });
    });

    it('stages over different layers add up, in the order of the walk; the report names what they left', async () => {
      const result = await lastValueFrom(
        compress(network).pipe(
          calibrate(x),
          spfqQuantize({bits: 8, include: 'scores'}),
          spfqQuantize({bits: 2, exclude: 'scores'}),
        ),
      );
      expect(result.report.layers.map(({name, levels}) => [name, levels])).to.deep.equal([
        ['hidden', 4],
        ['scores', 255],
      ]);
      expect(result.layers.map(({name}) => name)).to.deep.equal(['hidden', 'scores']);
      expect(result.report.skipped.map(({stage, name, reason}) => [stage, name, reason])).to.deep.equal([
        ['spfqQuantize', 'hidden', 'not in `include`'],
        ['spfqQuantize', 'scores', 'in `exclude`'],
      ]);
      result.dispose();
    });
  });

  describe('progress', () => {
    it('gives stage, layer, index, total, fraction, elapsed, remaining: once per layer and at the end', async () => {
      const network = denseNetwork();
      const x = gaussianTensor([64, 6], 1);
      const events: ProgressEvent[] = [];
      const seen: string[] = [];
      const observer = {
        stages: seen,
        next(this: {stages: string[]}, {stage}: ProgressEvent) {
          this.stages.push(stage);
        },
      };
      const result = await lastValueFrom(
        compress(network).pipe(
          calibrate(x),
          progress((event) => {
            events.push(event);
          }),
          spfqQuantize({bits: 8}),
          progress(observer),
          spfqQuantize({bits: 2}),
        ),
      );
      expect(
        events.map(({stage, layer, index, total, fraction}) => [stage, layer, index, total, fraction]),
      ).to.deep.equal([
        ['spfqQuantize', 'hidden', 0, 2, 0],
        ['spfqQuantize', 'scores', 1, 2, 0.5],
        ['spfqQuantize', '', 2, 2, 1],
        ['spfqQuantize', 'hidden', 0, 2, 0],
        ['spfqQuantize', 'scores', 1, 2, 0.5],
        ['spfqQuantize', '', 2, 2, 1],
      ]);
      for (const stage of [events.slice(0, 3), events.slice(3)]) {
        expect(stage.map(({elapsed}) => elapsed)).to.deep.equal(
          stage.map(({elapsed}) => elapsed).sort((a, b) => a - b),
        );
        expect(stage[0].remaining).to.equal(Infinity);
        expect(stage[1].remaining).to.be.closeTo(stage[1].elapsed, 1); // half is done
        expect(stage[2].remaining).to.equal(0);
      }
      expect(seen, 'an observer sees what follows it').to.deep.equal(['spfqQuantize', 'spfqQuantize', 'spfqQuantize']);
      result.dispose();
      network.dispose();
      x.dispose();
    });
  });
});
