import {memory, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, spfqQuantize} from 'tfjs-compress';
import {adapterFor} from '../../../src/layers/registry.ts';
import {disposeModel} from '../../../src/model/disposeModel.ts';
import {Packed} from '../../../src/packed/packed.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {FAST} from '../../support/models/packedModels.ts';
import {gaussianTensor, randomize} from '../../support/models/smallNetworks.ts';
import {matrixOf, sourceOf, walk} from '../../support/walks/walks.ts';

/** tfjs's own initializer takes a chained op that is not loaded here. */
const QUICK = {recurrentInitializer: 'glorotNormal'} as const;
const SAMPLES = 24;

onBackends(['wasm'], () => {
  describe('recurrent and wrapped layers that stay as they are', () => {
    const refused: Readonly<Record<string, {layer: () => layers.Layer; shape: number[]; reason: string}>> = {
      'a stateful LSTM': {
        layer: () =>
          layers.lstm({
            ...QUICK,
            units: 3,
            stateful: true,
            returnSequences: true,
            name: 'layer',
            batchInputShape: [SAMPLES, 4, 2],
          }),
        shape: [4, 2],
        reason: 'keeps its states between calls (stateful), which calibration would change',
      },
      'a stateful GRU under Bidirectional': {
        layer: () =>
          layers.bidirectional({
            layer: layers.gru({...QUICK, units: 3, stateful: true, returnSequences: true}),
            mergeMode: 'sum',
            name: 'layer',
            batchInputShape: [SAMPLES, 4, 2],
          }),
        shape: [4, 2],
        reason: 'keeps its states between calls (stateful), which calibration would change',
      },
      'a model under TimeDistributed': {
        layer: () =>
          layers.timeDistributed({
            layer: sequential({layers: [layers.dense({units: 3, inputShape: [2]})]}),
            name: 'layer',
            inputShape: [4, 2],
          }),
        shape: [4, 2],
        reason: 'wraps a model; wrap its layers one by one',
      },
      'a BatchNormalization under TimeDistributed': {
        layer: () => layers.timeDistributed({layer: layers.batchNormalization(), name: 'layer', inputShape: [4, 2]}),
        shape: [4, 2],
        reason: 'wraps an unsupported layer type, BatchNormalization',
      },
    };
    for (const [name, {layer, shape, reason}] of Object.entries(refused)) {
      it(`${name}: with the reason`, async () => {
        const before = memory().numTensors;
        const network = sequential({layers: [layer(), layers.flatten(), layers.dense({units: 2, name: 'last'})]});
        randomize(network.getLayer('last'), 1);
        const x = gaussianTensor([SAMPLES, ...shape], 1);
        const {report, dispose} = await lastValueFrom(
          compress(network).pipe(calibrate(x, {batchSize: SAMPLES}), spfqQuantize({bits: 4, ...FAST})),
        );
        expect(report.layers.map((one) => one.name)).to.deep.equal(['last']);
        expect(report.skipped.map((one) => [one.name, one.reason])).to.deep.equal([['layer', reason]]);
        dispose();
        disposeModel(network);
        x.dispose();
        expect(memory().numTensors).to.equal(before);
      });
    }

    it('calibration leaves the states of a stateful layer as they were', async () => {
      const lstm = layers.lstm({...QUICK, units: 3, stateful: true, name: 'layer', batchInputShape: [SAMPLES, 4, 2]});
      const network = sequential({layers: [lstm, layers.dense({units: 2, name: 'last'})]});
      randomize(network, 1);
      const x = gaussianTensor([SAMPLES, 4, 2], 1);
      (network.predict(x, {batchSize: SAMPLES}) as Tensor).dispose();
      const states = await statesOf(lstm);
      expect(states.some((one) => one.some((value) => value !== 0))).to.equal(true);
      const {dispose} = await lastValueFrom(
        compress(network).pipe(calibrate(x, {batchSize: SAMPLES}), spfqQuantize({bits: 4, ...FAST})),
      );
      expect(await statesOf(lstm)).to.deep.equal(states);
      dispose();
      disposeModel(network);
      x.dispose();
    });

    it('a file cannot have one packed', () => {
      const config = {units: 3, stateful: true, ...QUICK};
      const packing = {
        problems: 1,
        features: 2,
        neurons: 3,
        kept: 6,
        letters: {levels: 3, origin: -1, groupSize: 2, offsets: false},
      };
      expect(
        () => new Packed({name: 'layer', layer: {className: 'SimpleRNN', config}, packings: [packing, null]}),
      ).to.throw(
        "layer 'layer': expected a SimpleRNN that can be packed, found one that keeps its states between calls " +
          '(stateful)',
      );
      expect(
        () =>
          new Packed({
            name: 'layer',
            layer: {className: 'TimeDistributed', config: {layer: {className: 'PReLU', config: {}}}},
            packings: [packing],
          }),
      ).to.throw(
        /layer 'layer': expected a TimeDistributed that can be packed, found one that wraps an unsupported layer type/,
      );
    });
  });

  describe('a recurrent layer', () => {
    it('says its weights before it is built', () => {
      const before = memory().numTensors;
      const cell = () => [layers.gruCell({...QUICK, units: 4}), layers.lstmCell({...QUICK, units: 3, useBias: false})];
      const makers: ReadonlyArray<readonly [() => layers.Layer, number[], string]> = [
        [() => layers.simpleRNN({...QUICK, units: 3}), [7, 5, 2], 'kernel recurrent_kernel bias'],
        [() => layers.lstm({...QUICK, units: 3, useBias: false}), [7, 5, 2], 'kernel recurrent_kernel'],
        [() => layers.gru({...QUICK, units: 3}), [7, 5, 2], 'kernel recurrent_kernel bias'],
        [
          () => layers.rnn({cell: cell()}),
          [7, 5, 2],
          'cell_0_kernel cell_0_recurrent_kernel cell_0_bias cell_1_kernel cell_1_recurrent_kernel',
        ],
        [
          () => layers.convLstm2d({...QUICK, filters: 3, kernelSize: [2, 3]}),
          [7, 5, 4, 4, 2],
          'kernel recurrent_kernel bias',
        ],
        [() => layers.timeDistributed({layer: layers.dense({units: 3})}), [7, 5, 2], 'kernel bias'],
        [
          () => layers.timeDistributed({layer: layers.conv2d({filters: 3, kernelSize: 2, useBias: false})}),
          [7, 5, 4, 4, 2],
          'kernel',
        ],
        [
          () => layers.bidirectional({layer: layers.gru({...QUICK, units: 3}), mergeMode: 'sum'}),
          [7, 5, 2],
          'forward_kernel forward_recurrent_kernel forward_bias backward_kernel backward_recurrent_kernel ' +
            'backward_bias',
        ],
      ];
      for (const [make, shape, names] of makers) {
        const layer = make();
        const specs = adapterFor(layer)?.weights(layer, shape) ?? [];
        expect(specs.map(({name}) => name).join(' ')).to.equal(names);
        layer.build([...shape]);
        expect(specs.map((spec) => spec.shape)).to.deep.equal(layer.getWeights().map((weight) => weight.shape));
        layer.weights.forEach((weight) => {
          weight.dispose();
        });
      }
      expect(memory().numTensors).to.equal(before);
    });

    it('has no statistics of steps that do not count', async () => {
      const network = sequential({
        layers: [
          layers.masking({inputShape: [4, 2]}),
          layers.lstm({...QUICK, units: 3, goBackwards: true, returnSequences: true}),
          layers.timeDistributed({layer: layers.dense({units: 2})}),
        ],
      });
      randomize(network, 3);
      // 20 samples: too few for any row to be held out of 30; the last two steps of every other are 0.
      const counts = Array.from({length: 20 * 4}, (_, row) => (Math.floor(row / 4) % 2 === 1 && row % 4 > 1 ? 0 : 1));
      const free = gaussianTensor([20, 4, 2], 4);
      const values = await free.data();
      const x = tensor(
        Array.from(values, (value, i) => value * counts[Math.floor(i / 2)]),
        [20, 4, 2],
      );
      const seen: string[] = [];
      await walk(network, sourceOf([x], 7), {
        rewrites: false,
        visit: async (target, [{gram, rows, heldOut}]) => {
          seen.push(target.name.replace(/^.*\//, ''));
          expect(rows + heldOut.original.rows).to.equal(60);
          if (!target.name.endsWith('/kernel')) return;
          const all = await matrixOf(x);
          const expected =
            all.data.reduce((sum, value) => sum + value ** 2, 0) -
            heldOut.original.data.reduce((sum, value) => sum + value ** 2, 0);
          expect(gram.data[0] + gram.data[3]).to.be.closeTo(expected, 1e-4);
        },
      });
      expect(seen.slice(0, 2)).to.deep.equal(['kernel', 'recurrent_kernel']);
      expect(seen.length).to.equal(3);
      disposeModel(network);
      [free, x].forEach((one) => {
        one.dispose();
      });
    });
  });
});

function statesOf(layer: layers.Layer): Promise<Float32Array[]> {
  const states = Reflect.get(layer, 'states_') as Tensor[];
  return Promise.all(states.map(async (one) => Float32Array.from(await one.data<'float32'>())));
}
