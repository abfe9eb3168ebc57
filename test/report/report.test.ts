import {gzipSync} from 'node:zlib';
import {oneHot, type Tensor, tensor, tensor1d} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {firstValueFrom, lastValueFrom, type Observable, tap} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  evaluate,
  type Report,
  spfqQuantize,
  type SpfqQuantizeOptions,
} from 'tfjs-compress';
import {matrix, multiply, packLevels} from 'tfjs-compress/numerics';
import {onBackends} from '../support/backends/onBackends.ts';
import {quantizedLayers} from '../support/layers/quantizedLayers.ts';
import {denseNetwork, gaussianTensor, predictionsOf, randomize, weightsOf} from '../support/models/smallNetworks.ts';

const LAYER_FIELDS = [
  'name',
  'className',
  'shape',
  'matrixCount',
  'weights',
  'levels',
  'effectiveBits',
  'granularity',
  'offset',
  'sparsity',
  'relativeError',
  'heldOutRows',
  'calibrationRows',
  'bound',
  'clippedShare',
  'deadFeatures',
  'alignmentError',
  'kernel',
  'milliseconds',
  'bytes',
  'gzipBytes',
];

onBackends(['wasm'], () => {
  describe('the report', () => {
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

    async function quantized(options: SpfqQuantizeOptions, of = network, data = x): Promise<Compression> {
      const result = await lastValueFrom(compress(of).pipe(calibrate(data), spfqQuantize(options)));
      result.dispose();
      return result;
    }

    it('of a model to which nothing was done says so', async () => {
      const {report} = await firstValueFrom(compress(network));
      expect(JSON.parse(JSON.stringify(report))).to.deep.equal({
        stages: [],
        layers: [],
        skipped: [],
        milliseconds: 0,
        size: {
          compressedWeights: 0,
          parameters: 83,
          bitsPerWeight: 32,
          bytesBefore: 332,
          bytesAfter: 332,
          gzipBytesAfter: 332,
        },
      });
    });

    it('is complete as JSON: every field of every layer, finite numbers throughout', async () => {
      const {report, dispose} = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 2}), evaluate({xs: x})),
      );
      dispose();
      const json = JSON.parse(JSON.stringify(report)) as Record<string, unknown> & {
        layers: Array<Record<string, unknown>>;
      };
      expect(Object.keys(json)).to.have.members(['stages', 'layers', 'skipped', 'size', 'evaluation', 'milliseconds']);
      expect(json.layers).to.have.length(2);
      for (const layer of json.layers) expect(Object.keys(layer)).to.have.members(LAYER_FIELDS);
      JSON.stringify(json, (key, value: unknown) => {
        expect(value, key).not.to.equal(null);
        return value;
      });
      expect(json).to.deep.equal(JSON.parse(JSON.stringify(report.toJSON())));
    });

    it('as text has one line per layer, and says what needs saying; numbers masked', async () => {
      const norm = sequential({
        layers: [
          layers.batchNormalization({name: 'norm', inputShape: [6]}),
          layers.dense({name: 'out', units: 3}),
          layers.dense({name: 'last', units: 2}),
        ],
      });
      const few = gaussianTensor([5, 6], 2);
      const {report, dispose} = await lastValueFrom(
        compress(norm).pipe(calibrate(few), spfqQuantize({bits: 2, exclude: 'last'}), evaluate({xs: few})),
      );
      expect(
        report
          .toString()
          .replace(/\d+(\.\d+)?(e[+-]\d+)?/g, '#')
          .replace(/ +/g, ' '),
      ).to.equal(
        [
          'stages: spfqQuantize → evaluate, # s',
          'layer type shape letters bits pruned scale error measured / bound clipped dead rows kernel ms',
          'out Dense # × # # # – channel # %* # / (#) # % # #! reference #',
          '* on calibrated rows: too few samples to hold any out',
          '! fewer calibration rows than features: calibrate on more samples',
          '(bound) does not apply: it holds with probability # for stochastic rounding along the path without clipped steps',
          'spfqQuantize left norm (BatchNormalization) as it is: has no weight matrix',
          'spfqQuantize left last (Dense) as it is: in `exclude`',
          'weights: # of # at # bits with scales; bytes: # → # packed, # gzipped',
          'agreement: # %, output error: # %, on # samples',
        ].join('\n'),
      );
      dispose();
      norm.dispose();
      few.dispose();
    });

    // Codes in a word of 32 bits: 3^20, 7^11 and 15^8 are below 2^32, one power more is not.
    for (const [bits, perWord, levels, effective] of [
      [1, 32, 2, 1],
      ['ternary', 20, 3, 1.584962500721156],
      [2, 16, 4, 2],
      [3, 11, 7, 2.807354922057604],
      [4, 8, 15, 3.9068905956085187],
      [8, 4, 255, 7.994353436858858],
    ] as const) {
      it(`at ${bits} bits: letters, effective bits, bytes and bits per weight as counted here`, async () => {
        const {
          layers: compressed,
          report: {layers: reports, size},
        } = await quantized({bits});
        let bytes = 0,
          gzipped = 0;
        for (const [
          i,
          {
            matrices: [{codes, scales}],
            alphabet,
          },
        ] of quantizedLayers(compressed).entries()) {
          const words = packLevels(
            codes.map((code) => code - alphabet.lowest),
            levels,
          );
          const packed = Buffer.concat([
            Buffer.from(words.buffer),
            Buffer.from(Float32Array.from([...scales.steps, ...(scales.offsets ?? [])]).buffer),
          ]);
          expect(words, 'words').to.have.length(Math.ceil(codes.length / perWord));
          expect([reports[i].levels, reports[i].bytes]).to.deep.equal([levels, packed.length]);
          expect(reports[i].effectiveBits).to.be.closeTo(effective, 1e-12);
          expect(reports[i].gzipBytes).to.be.closeTo(gzipSync(packed).length, 2);
          bytes += packed.length;
          gzipped += reports[i].gzipBytes;
        }
        // 6·8 + 8·3 = 72 weights in matrices, 8 + 3 = 11 biases that stay float32
        expect(size).to.deep.equal({
          compressedWeights: 72,
          parameters: 83,
          bitsPerWeight: (8 * bytes) / 72,
          bytesBefore: 4 * 83,
          bytesAfter: bytes + 44,
          gzipBytesAfter: gzipped + 44,
        });
      });
    }

    it("counts levels of the authors' alphabets as log₂(levels) bits", async () => {
      const {report} = await quantized({levels: 17});
      expect(report.layers[0].levels).to.equal(17);
      expect(report.layers[0].effectiveBits).to.be.closeTo(Math.log2(17), 1e-12);
    });

    it('gives a reason for each layer with weights that was skipped, and none for the others', async () => {
      const mixed = sequential({
        layers: [
          layers.reshape({targetShape: [6, 1], inputShape: [6]}),
          layers.timeDistributed({name: 'wrapper', layer: layers.batchNormalization()}),
          layers.flatten({name: 'flat'}),
          layers.batchNormalization({name: 'norm'}),
          layers.dense({name: 'first', units: 4}),
          layers.dropout({rate: 0.5}),
          layers.dense({name: 'second', units: 2}),
        ],
      });
      const {report} = await quantized({bits: 4, exclude: ['second']}, mixed);
      expect(report.layers.map(({name}) => name)).to.deep.equal(['first']);
      expect(report.skipped).to.deep.equal([
        {
          stage: 'spfqQuantize',
          name: 'wrapper',
          className: 'TimeDistributed',
          reason: 'wraps an unsupported layer type, BatchNormalization',
        },
        {stage: 'spfqQuantize', name: 'norm', className: 'BatchNormalization', reason: 'has no weight matrix'},
        {stage: 'spfqQuantize', name: 'second', className: 'Dense', reason: 'in `exclude`'},
      ]);
      mixed.dispose();
    });

    it("tells the bound's conditions: it applies to one stochastic path without clipped steps only", async () => {
      const peaked = sequential({layers: [layers.dense({units: 8, inputShape: [6], useBias: false})]});
      // The largest weight comes first, where no drift can move it beyond the last letter.
      const kernel = tensor([5, ...Array.from({length: 47}, (_, i) => Math.sin(i))], [6, 8]);
      peaked.setWeights([kernel]);
      const free = await quantized(
        {bits: 8, scale: 'absmax', granularity: 'tensor', samples: 1, sweeps: 0, alignment: 'none'},
        peaked,
      );
      [kernel, peaked].forEach((one) => {
        one.dispose();
      });
      const [{clippedShare, bound}] = free.report.layers;
      expect([clippedShare, bound?.applies]).to.deep.equal([0, true]);
      expect(bound?.measured)
        .to.be.greaterThan(0)
        .and.at.most(bound?.limit ?? NaN);
      expect(
        (await quantized({bits: 8, scale: 'absmax', rounding: 'nearest', sweeps: 0})).report.layers[0].bound?.applies,
      ).to.equal(false);
      const clipped = (await quantized({bits: 1, samples: 1, sweeps: 0})).report.layers[0];
      expect(clipped.clippedShare).to.be.greaterThan(0);
      expect(clipped.bound?.applies).to.equal(false);
    });

    it('counts dead features: all zero, or constant where a bias can take it up', async () => {
      const values = Float32Array.from(await x.data());
      for (let i = 0; i < values.length; i += 6) [values[i + 2], values[i + 4]] = [0, 3];
      const dull = tensor(values, [64, 6]);
      expect((await quantized({bits: 4, bias: false}, network, dull)).report.layers[0].deadFeatures).to.equal(1);
      expect((await quantized({bits: 4}, network, dull)).report.layers[0].deadFeatures).to.equal(2);
      dull.dispose();
    });

    it('the relative error is ‖XW − XQ − 1sᵀ‖/‖XW‖ on rows that were held out: that of all rows up to sampling', async () => {
      const wide = gaussianTensor([4096, 6], 8);
      const {model, report, dispose} = await lastValueFrom(
        compress(network).pipe(calibrate(wide), spfqQuantize({bits: 2})),
      );
      const [before, after] = [await weightsOf(network), await weightsOf(model)];
      const rows = matrix(4096, 6, Float64Array.from(await wide.data()));
      const target = multiply(rows, matrix(6, 8, Float64Array.from(before[0])));
      const actual = multiply(rows, matrix(6, 8, Float64Array.from(after[0])));
      let difference = 0,
        square = 0;
      target.data.forEach((value, i) => {
        difference += (value - actual.data[i] - (after[1][i % 8] - before[1][i % 8])) ** 2;
        square += value ** 2;
      });
      expect(report.layers[0].heldOutRows).to.equal(256);
      // 256 · 8 residuals: the standard error of the ratio is below 4 %.
      expect(report.layers[0].relativeError / Math.sqrt(difference / square)).to.be.closeTo(1, 0.12);
      dispose();
      wide.dispose();
    });
  });

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
