import {data as tfData, type TensorContainer} from '@tensorflow/tfjs';
import {memory, ones, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {concat, defer, EMPTY, finalize, from, lastValueFrom, map, type Observable, of, range, throwError} from 'rxjs';
import {calibrate, type CalibrationData, compress, type Compression, DataError, spfqQuantize} from 'tfjs-compress';
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
  'pass a source that starts anew each time: a tf.data.Dataset, a cold Observable, or a function that opens an iterator';

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

    /** The message of the DataError with which quantizing on this data ends; nothing may be left and nothing changed. */
    async function refusal(data: CalibrationData, model = network, options = {}): Promise<string> {
      const error = await leavingAlone(model, () =>
        errorOf(compress(model).pipe(calibrate(data, options), spfqQuantize({bits: 2}))),
      );
      expect(error).to.be.instanceOf(DataError);
      return error.message;
    }

    async function refusalOf(tensors: Tensor | Tensor[] | Record<string, Tensor>, model = network): Promise<string> {
      const message = await refusal(tensors, model);
      for (const one of Object.values(tensors))
        if (typeof one === 'object' && 'dispose' in one) (one as Tensor).dispose();
      if ('dispose' in tensors) (tensors as Tensor).dispose();
      return message;
    }

    it('none at all: names calibrate and fit', async () => {
      const error = await leavingAlone(network, () => errorOf(compress(network).pipe(spfqQuantize())));
      expect(error).to.be.instanceOf(DataError);
      expect(error.message).to.equal(
        'spfqQuantize: expected calibration data, got none; put calibrate(x) before it, or start from fit(model, x, y)',
      );
    });

    it('tensors of the wrong shape: names the input, both shapes', async () => {
      expect(await refusalOf(ones([8, 5]))).to.equal(
        "calibrate: input 'hidden_input': expected shape [batch, 6], got [8, 5]",
      );
      expect(await refusalOf(ones([8, 6, 1]))).to.equal(
        "calibrate: input 'hidden_input': expected shape [batch, 6], got [8, 6, 1]",
      );
    });

    it('batches of the wrong shape: names the batch as well', async () => {
      const source = () => [ones([4, 6]), ones([4, 7])];
      expect(await refusal(source)).to.equal(
        "calibrate: batch 1: input 'hidden_input': expected shape [batch, 6], got [4, 7]",
      );
    });

    it('a scalar in place of a batch', async () => {
      expect(await refusal(() => [tensor(3)])).to.equal(
        "calibrate: batch 0: input 'hidden_input': expected shape [batch, 6], got []",
      );
    });

    it('strings', async () => {
      const words = () => tensor([['a', 'b', 'c', 'd', 'e', 'f']]);
      expect(await refusalOf(words())).to.equal("calibrate: input 'hidden_input': expected dtype float32, got string");
      expect(await refusal(() => [words()])).to.equal(
        "calibrate: batch 0: input 'hidden_input': expected dtype float32, got string",
      );
    });

    it('too few and too many inputs', async () => {
      expect(await refusalOf([ones([8, 4])], two)).to.equal('calibrate: expected 2 tensors (left, right), got 1');
      expect(await refusalOf([ones([8, 6]), ones([8, 6])])).to.equal(
        'calibrate: expected 1 tensors (hidden_input), got 2',
      );
      expect(await refusal(() => [[ones([8, 6]), ones([8, 6])]])).to.equal(
        'calibrate: batch 0: expected 1 tensors (hidden_input), got 2',
      );
    });

    it('a named input that is missing: names it and those that came', async () => {
      expect(await refusalOf({left: ones([8, 4]), rihgt: ones([8, 5])}, two)).to.equal(
        "calibrate: expected a tensor for the input 'right', got tensors for 'left', 'rihgt'",
      );
      expect(await refusal(() => [{xs: {left: ones([8, 4])}, ys: ones([8, 2])}], two)).to.equal(
        "calibrate: batch 0: expected a tensor for the input 'right', got tensors for 'left'",
      );
    });

    it('inputs with different numbers of samples', async () => {
      const message = "input 'right': expected 8 samples as in input 'left', got 6";
      expect(await refusalOf([ones([8, 4]), ones([6, 5])], two)).to.equal(`calibrate: ${message}`);
      expect(await refusal(() => [[ones([8, 4]), ones([6, 5])]], two)).to.equal(`calibrate: batch 0: ${message}`);
    });

    it('a tensor without samples, at once', () => {
      const none = ones([0, 6]);
      expect(() => calibrate(none)).to.throw(
        DataError,
        'calibrate: expected at least one sample, got a tensor of shape [0, 6]',
      );
      none.dispose();
    });

    it('a disposed tensor, at once', () => {
      const gone = ones([8, 6]);
      gone.dispose();
      expect(() => calibrate(gone)).to.throw(DataError, 'calibrate: expected tensors, got a disposed one');
    });

    it('a tensor that is disposed of after calibrate was built', async () => {
      const gone = ones([8, 6]);
      const stream = compress(network).pipe(calibrate(gone), spfqQuantize());
      gone.dispose();
      expect((await errorOf(stream)).message).to.equal('calibrate: expected tensors, got a disposed one');
    });

    for (const [name, empty] of [
      ['an async generator', () => noBatches()],
      ['an async iterable', noBatches()],
      ['Observable EMPTY', EMPTY],
      ['a list', () => []],
      ['a tf.data.Dataset', tfData.array([] as TensorContainer[])],
      ['batches without samples', () => [ones([0, 6]), ones([0, 6])]],
    ] as const) {
      it(`an empty source: ${name}`, async () => {
        expect(await refusal(empty)).to.equal('calibrate: expected at least one sample of data, got an empty source');
      });
    }

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

    for (const bad of [NaN, Infinity, -Infinity]) {
      it(`${bad} in a tensor: names the input and the sample`, async () => {
        const values = new Float32Array(80 * 6).fill(1);
        values[77 * 6 + 3] = bad;
        expect(await refusalOf(tensor(values, [80, 6]))).to.equal(
          `calibrate: input 'hidden_input': expected finite numbers, got ${bad} in sample 77`,
        );
      });

      it(`${bad} in a batch: names the batch, the input and the sample`, async () => {
        const values = new Float32Array(8 * 5).fill(1);
        values[6 * 5] = bad;
        const source = () => [
          [ones([8, 4]), ones([8, 5])],
          [ones([8, 4]), tensor(values, [8, 5])],
        ];
        expect(await refusal(source, two)).to.equal(
          `calibrate: batch 1: input 'right': expected finite numbers, got ${bad} in sample 6`,
        );
      });
    }

    it('inputs so large that their squares overflow: names the layer', async () => {
      expect(await refusal(() => [tensor(new Float32Array(48).fill(1e30), [8, 6])])).to.equal(
        "spfqQuantize: layer 'hidden': expected inputs whose squares are finite, got NaN or Infinity from the layers before it; scale the calibration data as in training",
      );
    });

    it('an element that is no tensor: names the batch', async () => {
      expect(await refusal(() => [ones([4, 6]), [1, 2, 3]])).to.equal(
        'calibrate: batch 1: expected a tensor, tensors or {xs}, got [1,2,3]',
      );
    });

    it('a function that opens nothing that can be read', async () => {
      expect(await refusal((() => 5) as never)).to.equal(
        'calibrate: expected the function to open an iterable, an async iterable or a tf.data.Dataset, got 5',
      );
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

    it('a Dataset, a cold Observable, an opener of a Dataset, and tensors of the same samples give the same codes', async () => {
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

async function* noBatches(): AsyncGenerator<Tensor> {
  // An empty source.
}

async function* fromTensors(batches: number): AsyncGenerator<Tensor> {
  for (let i = 0; i < batches; i++) yield gaussianTensor([8, 6], i);
}
