import {memory, ones, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {
  BackendError,
  calibrate,
  compress,
  evaluate,
  fit,
  ModelError,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, errorOf, gaussianTensor, leavingAlone} from '../support/models/smallNetworks.ts';

onBackends(['wasm', 'cpu'], (backend) => {
  describe('models that are refused', () => {
    let x: Tensor;
    before(() => {
      x = gaussianTensor([32, 6], 1);
    });
    after(() => {
      x.dispose();
    });

    async function refusal(network: LayersModel, options: SpfqQuantizeOptions = {}): Promise<string> {
      const error = await leavingAlone(network, () =>
        errorOf(compress(network).pipe(calibrate(x), spfqQuantize(options))),
      );
      expect(error).to.be.instanceOf(ModelError);
      network.dispose();
      return error.message;
    }

    for (const [given, message] of [
      [undefined, 'expected a tf.LayersModel, got undefined; a tf.GraphModel goes into compressGraph(model)'],
      [null, 'expected a tf.LayersModel, got null; a tf.GraphModel goes into compressGraph(model)'],
      ['model.json', "expected a tf.LayersModel, got 'model.json'; a tf.GraphModel goes into compressGraph(model)"],
      [
        {predict: () => undefined, execute: () => undefined, inputNodes: ['x']},
        'expected a tf.LayersModel, got another object; a tf.GraphModel goes into compressGraph(model)',
      ],
      [
        sequential(),
        'expected a built model, got one without inputs; give its first layer an inputShape, or call ' +
          'model.build(shape)',
      ],
    ] as const) {
      it(`compress and fit: ${message}`, async () => {
        for (const [name, source] of [
          ['compress', compress(given as never)],
          ['fit', fit(given as never, {}, {})],
        ] as const) {
          const error = await errorOf(source);
          expect(error).to.be.instanceOf(ModelError);
          expect(error.message).to.equal(`${name}: ${message}`);
        }
      });
    }

    it('one that was disposed of, by compress', async () => {
      const gone = denseNetwork();
      gone.dispose();
      const error = await errorOf(compress(gone));
      expect(error).to.be.instanceOf(ModelError);
      expect(error.message).to.match(
        /^compress: expected a live model, got 'sequential_\d+' after its dispose\(\); load it again$/,
      );
    });

    it('one that was disposed of in mid-pipeline, by the stage', async () => {
      const network = denseNetwork();
      const tensors = memory().numTensors;
      const stages = compress(network).pipe(
        calibrate(() => {
          network.dispose();
          return [ones([4, 6])];
        }),
        spfqQuantize(),
        spfqQuantize(),
      );
      await errorOf(stages);
      expect(memory().numTensors).to.equal(tensors - 4);
    });

    for (const [layer, weight, index] of [
      ['hidden', 'kernel', 0],
      ['scores', 'bias', 3],
    ] as const) {
      it(`NaN in the ${weight} of '${layer}': names both`, async () => {
        const network = denseNetwork();
        await spoil(network, index, NaN);
        expect(await refusal(network)).to.equal(
          `spfqQuantize: layer '${layer}': expected finite weights, got NaN in ${layer}/${weight}; retrain or ` +
            'reload the model',
        );
      });
    }

    it('Infinity in a layer that stays as it is, for it spoils what the others calibrate on', async () => {
      const network = sequential({
        layers: [layers.batchNormalization({name: 'norm', inputShape: [6]}), layers.dense({name: 'out', units: 2})],
      });
      await spoil(network, 1, Infinity);
      expect(await refusal(network)).to.equal(
        "spfqQuantize: layer 'norm': expected finite weights, got Infinity in norm/beta; retrain or reload the model",
      );
    });

    it('one whose layers have no weights', async () => {
      const network = sequential({layers: [layers.reLU({inputShape: [6]})]});
      expect(await refusal(network)).to.equal(
        'spfqQuantize: expected a model with at least one layer to compress, got none, as no layer has weights',
      );
    });

    it('one without a layer that can be compressed: lists the reasons', async () => {
      const network = sequential({
        layers: [layers.batchNormalization({name: 'norm', inputShape: [6]}), layers.prelu({name: 'bend'})],
      });
      expect(await refusal(network)).to.equal(
        'spfqQuantize: expected a model with at least one layer to compress, got none: ' +
          'norm (BatchNormalization): has no weight matrix; bend (PReLU): has no weight matrix',
      );
    });

    it('one of which every layer is excluded: says so of each', async () => {
      const message = 'spfqQuantize: expected a model with at least one layer to compress, got none: ';
      expect(await refusal(denseNetwork(), {exclude: /./})).to.equal(
        `${message}hidden (Dense): in \`exclude\`; scores (Dense): in \`exclude\``,
      );
      expect(await refusal(denseNetwork(), {include: /nothing/})).to.equal(
        `${message}hidden (Dense): not in \`include\`; scores (Dense): not in \`include\``,
      );
    });

    it('one without a layer that `include` or `exclude` names: lists those that there are', async () => {
      const message =
        "spfqQuantize: expected a layer named 'nothing', as in `include` or `exclude`; the layers are hidden, scores";
      expect(await refusal(denseNetwork(), {include: ['hidden', 'nothing']})).to.equal(message);
      expect(await refusal(denseNetwork(), {exclude: 'nothing'})).to.equal(message);
    });

    it('strictKernels on a backend without kernels: names the import to add', async () => {
      const network = denseNetwork();
      const error = await leavingAlone(network, () =>
        errorOf(compress(network).pipe(calibrate(x), spfqQuantize({strictKernels: true}))),
      );
      expect(error).to.be.instanceOf(BackendError);
      expect(error.message).to.equal(
        `FollowPath: expected a kernel on backend '${backend}' because strictKernels is set, found none; ` +
          "import 'tfjs-compress/plugins/webgpu' and use the backend 'webgpu', or leave strictKernels out to run " +
          'the reference',
      );
      network.dispose();
    });
  });

  describe('evaluation data that is refused', () => {
    let network: LayersModel;
    let x: Tensor;
    before(() => {
      network = denseNetwork();
      x = gaussianTensor([32, 6], 1);
    });
    after(() => {
      network.dispose();
      x.dispose();
    });

    async function refusal(data: unknown): Promise<string> {
      return (await leavingAlone(network, () => errorOf(compress(network).pipe(evaluate(data as never))))).message;
    }

    it('inputs of the wrong shape', async () => {
      expect(await refusal(() => [{xs: ones([8, 5])}])).to.equal(
        "evaluate: batch 0: input 'hidden_input': expected shape [batch, 6], got [8, 5]",
      );
    });

    it('elements without xs', async () => {
      expect(await refusal(() => [{xs: ones([8, 6])}, {x: ones([8, 6])}])).to.match(
        /^evaluate: batch 1: expected {xs} or {xs, ys}, got /,
      );
    });

    for (const shape of [[31], [32, 2], [32, 4], [32, 3, 1], []]) {
      it(`targets of shape [${shape.join(', ')}] for 32 samples and 3 scores`, async () => {
        const ys = ones(shape);
        expect(await refusal({xs: x, ys})).to.equal(
          'evaluate: expected targets of shape [32] (class numbers) or [32, 3] (as the output), got ' +
            `[${shape.join(', ')}]`,
        );
        ys.dispose();
      });
    }

    it('NaN', async () => {
      expect(await refusal(() => [{xs: tensor([[1, 2, NaN, 4, 5, 6]])}])).to.equal(
        "evaluate: batch 0: input 'hidden_input': expected finite numbers, got NaN in sample 0",
      );
    });

    it('disposed targets', async () => {
      const ys = ones([32]);
      ys.dispose();
      expect(await refusal({xs: x, ys})).to.equal('evaluate: expected targets, got a disposed tensor');
    });

    it('an empty source', async () => {
      for (const source of [() => [], () => [{xs: ones([0, 6])}]]) {
        expect(await refusal(source)).to.equal('evaluate: expected at least one sample of data, got an empty source');
      }
    });

    it('a source that throws midway ends the stream with its own error', async () => {
      const own = new Error('the disk is gone');
      expect(
        await leavingAlone(network, () =>
          errorOf(
            compress(network).pipe(
              evaluate(async function* () {
                yield {xs: ones([4, 6])};
                throw own;
              }),
            ),
          ),
        ),
      ).to.equal(own);
    });
  });
});

async function spoil(network: LayersModel, index: number, value: number): Promise<void> {
  const weights = network.getWeights();
  const values = Float32Array.from(await weights[index].data());
  values[values.length - 1] = value;
  const spoiled = tensor(values, weights[index].shape);
  network.setWeights(weights.map((weight, i) => (i === index ? spoiled : weight)));
  spoiled.dispose();
}
