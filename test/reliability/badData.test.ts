import {data as tfData, type TensorContainer} from '@tensorflow/tfjs';
import {memory, ones, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {EMPTY} from 'rxjs';
import {calibrate, type CalibrationData, compress, DataError, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, errorOf, leavingAlone, twoInputs} from '../support/models/smallNetworks.ts';

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

    /**
     * The message of the DataError with which quantizing on this data ends; nothing may be left and nothing changed.
     */
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
        "spfqQuantize: layer 'hidden': expected inputs whose squares are finite, got NaN or Infinity from the " +
          'layers before it; scale the calibration data as in training',
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
  });
});

async function* noBatches(): AsyncGenerator<Tensor> {
  // An empty source.
}
