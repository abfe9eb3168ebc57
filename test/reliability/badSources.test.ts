import {data as tfData} from '@tensorflow/tfjs';
import {memory, ones, type Tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {concat, defer, finalize, from, lastValueFrom, map, type Observable, of, range, throwError} from 'rxjs';
import {calibrate, type CalibrationData, compress, type Compression, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {codesOf} from '../support/layers/quantizedLayers.ts';
import {
  denseNetwork,
  errorOf,
  gaussianTensor,
  leavingAlone,
  randomize,
  twoInputs,
} from '../support/models/smallNetworks.ts';

const STARTS_ANEW =
  'pass a source that starts anew each time: a tf.data.Dataset, a cold Observable, or a function that opens an ' +
  'iterator';

onBackends(['wasm', 'cpu'], () => {
  describe('calibration data that is refused', () => {
    let network: LayersModel;
    let two: LayersModel;
    let start: number;
    before(() => {
      start = memory().numTensors;
      network = denseNetwork();
      two = twoInputs();
    });
    after(() => {
      [network, two].forEach((model) => {
        model.dispose();
      });
      expect(memory().numTensors).to.equal(start);
    });

    it('a one-shot generator is enough for a stage whose activations fit', async () => {
      await leavingAlone(network, async () => {
        const once = fromTensors(4);
        const error = await errorOf(
          compress(network).pipe(calibrate(once), spfqQuantize({sweeps: 0}), spfqQuantize({bits: 2})),
        );
        expect(error.message).to.equal(
          `calibrate: expected the source to give its 32 samples on every reading, got 0 on this one; ${STARTS_ANEW}`,
        );
      });
    });

    it('a one-shot generator that has to be read again because of the memory budget: says what to pass', async () => {
      const wide = sequential({
        layers: [layers.dense({units: 4, inputShape: [600]}), layers.dense({units: 4}), layers.dense({units: 4})],
      });
      randomize(wide, 4);
      const budget = {bits: 2, memory: 2 ** 20, samples: 1, sweeps: 0, scale: 'mse'} as const;
      const opened = () => [0, 1, 2, 3].map((seed) => gaussianTensor([200, 600], seed));
      const once = (async function* () {
        yield* opened();
      })();
      const error = await leavingAlone(wide, () =>
        errorOf(compress(wide).pipe(calibrate(once, {batchSize: 200}), spfqQuantize(budget))),
      );
      expect(error.message).to.equal(
        `calibrate: expected the source to give its 800 samples on every reading, got 0 on this one; ${STARTS_ANEW}`,
      );
      await leavingAlone(wide, () =>
        quantized(compress(wide).pipe(calibrate(opened, {batchSize: 200}), spfqQuantize(budget))),
      );
      wide.dispose();
    });

    it('a source that throws midway ends the stream with its own error', async () => {
      const own = new Error('the disk is gone');
      for (const source of [
        async function* () {
          yield ones([4, 6]);
          throw own;
        },
        concat(
          defer(() => of(ones([4, 6]))),
          throwError(() => own),
        ),
      ]) {
        expect(
          await leavingAlone(network, () => errorOf(compress(network).pipe(calibrate(source), spfqQuantize()))),
        ).to.equal(own);
      }
    });

    it('batches that are left when enough samples were read are disposed of, and the source is let go', async () => {
      await leavingAlone(network, async () => {
        let open = 0;
        const batches = defer(() => {
          open++;
          return range(0, 10);
        }).pipe(
          map((seed) => gaussianTensor([16, 6], seed)),
          finalize(() => {
            open--;
          }),
        );
        await quantized(compress(network).pipe(calibrate(batches, {samples: 40}), spfqQuantize({bits: 2, sweeps: 0})));
        expect(open).to.equal(0);
      });
    });

    it('a Dataset, a cold Observable, an opener of a Dataset, and tensors give the same codes', async () => {
      const x = gaussianTensor([64, 6], 3);
      const halves = () => [0, 32].map((first) => x.slice([first, 0], [32, 6]));
      const dataset = tfData.generator(function* () {
        yield* halves();
      } as never);
      const codes = await Promise.all(
        [x, dataset, () => dataset, defer(() => from(halves())), halves].map((data) =>
          codesOn(data as CalibrationData),
        ),
      );
      for (const other of codes) expect(other).to.deep.equal(codes[0]);
      x.dispose();
    });

    async function codesOn(data: CalibrationData): Promise<number[][]> {
      return quantized(compress(network).pipe(calibrate(data), spfqQuantize({bits: 2})));
    }
  });
});

/** The codes of the one compression that a stream gives; its model is disposed of. */
async function quantized(stream: Observable<Compression>): Promise<number[][]> {
  const compression = await lastValueFrom(stream);
  compression.dispose();
  return codesOf(compression.layers);
}

async function* fromTensors(batches: number): AsyncGenerator<Tensor> {
  for (let i = 0; i < batches; i++) yield gaussianTensor([8, 6], i);
}
