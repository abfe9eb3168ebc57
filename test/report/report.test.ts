import {type Tensor, tensor} from '@tensorflow/tfjs-core';
import {layers, type LayersModel, sequential} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {firstValueFrom, lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, evaluate, spfqQuantize, type SpfqQuantizeOptions} from 'tfjs-compress';
import {matrix, multiply} from 'tfjs-compress/numerics';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, gaussianTensor, weightsOf} from '../support/models/smallNetworks.ts';

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
          '(bound) does not apply: it holds with probability # for stochastic rounding along the path without ' +
            'clipped steps',
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

    it('the relative error is ‖XW − XQ − 1sᵀ‖/‖XW‖ on held-out rows: that of all rows up to sampling', async () => {
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
});
