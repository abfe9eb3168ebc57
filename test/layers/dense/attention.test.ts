import '@tensorflow/tfjs-backend-cpu';
import {onesLike, tidy} from '@tensorflow/tfjs-core';
import {input, layers, model as modelOf, sequential, type SymbolicTensor} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, exportStock, ModelError, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../../support/backends/onBackends.ts';
import {attentionLayers} from '../../support/models/attentionLayers.ts';
import {relativeDifference} from '../../support/models/packedModels.ts';
import {errorOf, gaussianTensor, predictionsOf, randomize} from '../../support/models/smallNetworks.ts';

const {EinsumDense, MultiHeadAttention} = await attentionLayers();

onBackends(['cpu'], () => {
  describe('attention', () => {
    it('of EinsumDense for query, key, value and output is compressed, all four kernels', async () => {
      const network = attentive();
      const x = gaussianTensor([40, 5, 8], 1);
      const expected = await predictionsOf(network, x);
      const compression = await lastValueFrom(compress(network).pipe(calibrate(x), spfqQuantize({bits: 8})));
      expect(compression.layers.map(({name}) => name)).to.deep.equal(['query', 'key', 'value', 'output', 'last']);
      const found = await predictionsOf(compression.model, x);
      expect(relativeDifference(expected, found)).to.be.within(1e-7, 1e-2);
      compression.dispose();
      network.dispose();
      x.dispose();
    });

    it('by MultiHeadAttention is refused: tfjs 4.22 neither sees its weights in a model nor rebuilds it', async () => {
      const x = input({shape: [5, 8]});
      const attention = new MultiHeadAttention({name: 'attention', numHeads: 2, keyDim: 4});
      const attended = attention.apply(x, {value: x}) as SymbolicTensor;
      const network = modelOf({
        inputs: x,
        outputs: layers.dense({name: 'last', units: 2}).apply(attended) as SymbolicTensor,
      });
      const rows = gaussianTensor([8, 5, 8], 2);
      expect(attention.weights).to.have.length(0);
      expect(() => network.predict(rows)).to.throw('Must pass in `value` argument in `kwargs.`');
      const warn = console.warn;
      console.warn = () => undefined; // tfjs prints the source of the class
      const error = await errorOf(compress(network).pipe(calibrate(rows), spfqQuantize())).finally(() => {
        console.warn = warn;
      });
      expect(error).to.be.instanceOf(ModelError);
      expect(String(error)).to.include(
        'expected a model that can be rebuilt from its topology, got: Must pass in `value` argument in `kwargs.`',
      );
      network.dispose();
      rows.dispose();
    });

    it('scales of one axis of neurons are folded into the layer behind it, of two they are not', async () => {
      for (const [equation, outputShape, folds] of [
        ['abc,cd->abd', [3, 4], true],
        ['abc,cde->abde', [3, 2, 4], false],
      ] as const) {
        const network = sequential({
          layers: [
            new EinsumDense({name: 'rows', equation, outputShape, ...{inputShape: [3, 6]}}),
            layers.dense({name: 'last', units: 2}),
          ],
        });
        const x = gaussianTensor([30, 3, 6], 5);
        const compression = await lastValueFrom(
          compress(network).pipe(calibrate(x), spfqQuantize({bits: 4, include: 'rows'})),
        );
        const report = await exportStock(compression, {
          save: () => Promise.resolve({modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: 'JSON'}}),
        });
        expect(report.layers[0].foldedInto, equation).to.equal(folds ? 'last' : undefined);
        compression.dispose();
        network.dispose();
        x.dispose();
      }
    });

    it('biases of a norm take up the error of one axis of neurons, and of no two', async () => {
      for (const [equation, outputShape, moves] of [
        ['abc,cd->abd', [3, 4], true],
        ['abc,cde->abde', [3, 2, 4], false],
      ] as const) {
        const network = sequential({
          layers: [
            new EinsumDense({name: 'rows', equation, outputShape, ...{inputShape: [3, 6]}}),
            layers.batchNormalization({name: 'norm'}),
            layers.flatten(),
            layers.dense({name: 'last', units: 2}),
          ],
        });
        randomize(network, 4);
        const norm = network.getLayer('norm');
        const means = async (layer: layers.Layer) => Array.from(await layer.getWeights()[2].data());
        tidy(() => {
          norm.setWeights(norm.getWeights().map((weight) => onesLike(weight)));
        });
        const x = gaussianTensor([30, 3, 6], 5);
        const {model, dispose} = await lastValueFrom(
          compress(network).pipe(calibrate(x), spfqQuantize({bits: 2, include: 'rows'})),
        );
        const same = (await means(norm)).join() === (await means(model.getLayer('norm'))).join();
        expect(same, equation).to.equal(!moves);
        dispose();
        network.dispose();
        x.dispose();
      }
    });
  });
});

/** One head of two: softmax(QKᵀ)V, as far as stock layers go, then the output. */
function attentive() {
  const x = input({shape: [5, 8]});
  const apart = (name: string) =>
    new EinsumDense({name, equation: 'abc,cde->abde', outputShape: [5, 2, 4], biasAxes: 'de'}).apply(
      x,
    ) as SymbolicTensor;
  const [query, key, value] = ['query', 'key', 'value'].map(apart);
  const scores = layers.multiply().apply([query, key]) as SymbolicTensor;
  const weighed = layers
    .multiply()
    .apply([layers.softmax({axis: -1}).apply(scores) as SymbolicTensor, value]) as SymbolicTensor;
  const out = new EinsumDense({name: 'output', equation: 'abde,dec->abc', outputShape: [5, 8], biasAxes: 'c'}).apply(
    weighed,
  ) as SymbolicTensor;
  const network = modelOf({
    inputs: x,
    outputs: layers.dense({name: 'last', units: 3}).apply(layers.flatten().apply(out)) as SymbolicTensor,
  });
  randomize(network, 3);
  return network;
}
