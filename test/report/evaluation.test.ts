import {oneHot, tensor, tensor1d} from '@tensorflow/tfjs-core';
import {layers, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom, type Observable, tap} from 'rxjs';
import {calibrate, compress, type Compression, evaluate, type Report, spfqQuantize} from 'tfjs-compress';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, gaussianTensor, predictionsOf, randomize} from '../support/models/smallNetworks.ts';

onBackends(['wasm'], () => {
  describe('the evaluation', () => {
    const share = (hits: boolean[]): number => hits.filter(Boolean).length / hits.length;

    it('counts accuracy, agreement and output error, from class numbers and one-hot targets alike', async () => {
      const network = denseNetwork();
      const x = gaussianTensor([200, 6], 1);
      const classes = Array.from({length: 200}, (_, i) => i % 3);
      const numbers = tensor1d(classes, 'int32');
      const forms = [tensor1d(classes), tensor(classes, [200, 1]), numbers, oneHot(numbers, 3)];
      const stages = forms.map((ys) => evaluate({xs: x, ys}, {batchSize: 64}));
      const evaluations: Array<Report['evaluation']> = [];
      const noted = (all: typeof stages) => (source: Observable<Compression>) =>
        all.reduce(
          (before, stage) =>
            before.pipe(
              stage,
              tap(({report}) => evaluations.push(report.evaluation)),
            ),
          source,
        );
      const {model, report, dispose} = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 2}), noted(stages)),
      );
      const [before, after] = [await predictionsOf(network, x), await predictionsOf(model, x)];
      const [given, made] = [before, after].map(answers);
      expect(evaluations).to.have.length(4);
      for (const evaluation of evaluations) {
        expect(evaluation?.samples).to.equal(200);
        expect(evaluation?.accuracyBefore).to.equal(share(given.map((answer, i) => answer === classes[i])));
        expect(evaluation?.accuracyAfter).to.equal(share(made.map((answer, i) => answer === classes[i])));
        expect(evaluation?.agreement).to.equal(share(given.map((answer, i) => answer === made[i])));
        expect(evaluation?.relativeError).to.be.closeTo(
          Math.hypot(...before.map((value, i) => value - after[i])) / Math.hypot(...before),
          1e-6,
        );
      }
      expect(report.toString().split('\n').at(-1)).to.match(
        /^accuracy: \d+\.\d\d % → \d+\.\d\d %, agreement: .* on 200 samples$/,
      );
      dispose();
      [x, ...forms].forEach((one) => {
        one.dispose();
      });
      network.dispose();
    });

    it('of a single sigmoid asks whether the score is above ½', async () => {
      const network = sequential({layers: [layers.dense({units: 1, inputShape: [6], activation: 'sigmoid'})]});
      randomize(network, 5);
      const x = gaussianTensor([100, 6], 1);
      const labels = Array.from({length: 100}, (_, i) => (i % 4 === 0 ? 1 : 0));
      for (const shape of [[100], [100, 1]]) {
        const ys = tensor(labels, shape);
        const {report, model, dispose} = await lastValueFrom(
          compress(network).pipe(calibrate(x), spfqQuantize({bits: 1}), evaluate({xs: x, ys})),
        );
        const [before, after] = [await predictionsOf(network, x), await predictionsOf(model, x)];
        expect(report.evaluation?.accuracyBefore).to.equal(
          share(before.map((score, i) => Number(score > 0.5) === labels[i])),
        );
        expect(report.evaluation?.accuracyAfter).to.equal(
          share(after.map((score, i) => Number(score > 0.5) === labels[i])),
        );
        expect(report.evaluation?.agreement).to.equal(share(before.map((score, i) => score > 0.5 === after[i] > 0.5)));
        dispose();
        ys.dispose();
      }
      network.dispose();
      x.dispose();
    });

    it('without targets has no accuracy; of an untouched model it agrees fully', async () => {
      const network = denseNetwork();
      const x = gaussianTensor([10, 6], 1);
      const {report} = await lastValueFrom(compress(network).pipe(evaluate({xs: x})));
      expect(report.evaluation).to.deep.equal({
        samples: 10,
        accuracyBefore: undefined,
        accuracyAfter: undefined,
        agreement: 1,
        relativeError: 0,
      });
      network.dispose();
      x.dispose();
    });

    it('is that of the last stage: a later quantization takes it away', async () => {
      const network = denseNetwork();
      const x = gaussianTensor([40, 6], 1);
      const {report, dispose} = await lastValueFrom(
        compress(network).pipe(calibrate(x), evaluate({xs: x}), spfqQuantize()),
      );
      expect([report.stages, report.evaluation]).to.deep.equal([['evaluate', 'spfqQuantize'], undefined]);
      dispose();
      network.dispose();
      x.dispose();
    });
  });
});

function answers(scores: number[]): number[] {
  return Array.from({length: scores.length / 3}, (_, i) => {
    const row = scores.slice(3 * i, 3 * i + 3);
    return row.indexOf(Math.max(...row));
  });
}
