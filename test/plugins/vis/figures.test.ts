import {type Tensor, tensor2d} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {parseHTML} from 'linkedom';
import {lastValueFrom, type Observable} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  evaluate,
  letterHistograms,
  pack,
  type Report,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {reportPlots} from 'tfjs-compress/plugins/vis';
import {onBackends} from '../../support/backends/onBackends.ts';
import {gaussianTensor} from '../../support/models/smallNetworks.ts';
import {network} from './network.ts';

const {document} = parseHTML('<html></html>');

type Pipeline = (source: Observable<Compression>) => Observable<Compression>;

onBackends(['wasm'], () => {
  describe('plugins/vis', () => {
    let model: LayersModel;
    let x: Tensor;
    let y: Tensor;
    before(() => {
      model = network();
      x = gaussianTensor([120, 36], 1);
      y = tensor2d(Array.from({length: 120}, (_, i) => [0, 1, 2, 3].map((c) => Number(i % 4 === c))));
    });
    after(() => {
      [model, x, y].forEach((one) => {
        one.dispose();
      });
    });

    function through(pipeline: Pipeline): Promise<Compression> {
      return lastValueFrom(pipeline(compress(model, {seed: 11}).pipe(calibrate(x))));
    }

    const letters: Pipeline = (source) => source.pipe(spfqQuantize({bits: 4}));
    const everything: Pipeline = (source) =>
      source.pipe(spfqPrune({sparsity: 0.5}), spfqQuantize({bits: 2}), correct(), evaluate({xs: x, ys: y}), pack());

    it('draws bars as long as the report says', async () => {
      const compression = await through(letters);
      const {errors} = await reportPlots(compression, {document});
      const widths = Array.from(
        errors?.querySelector('svg')?.querySelectorAll('[aria-label="bar"] rect') ?? [],
        (rect) => Number(rect.getAttribute('width')),
      );
      const reported = compression.report.layers.map(({relativeError}) => relativeError);
      widths.forEach((width, i) => {
        expect(width / Math.max(...widths)).to.be.closeTo(reported[i] / Math.max(...reported), 1e-6);
      });
      expect(widths).to.have.length(3);
      compression.dispose();
    });

    it('an error that is no number, or none that ends, takes no bar of the other layers away', async () => {
      const quantized = await through(letters);
      const odd = [Infinity, NaN, 0.25];
      const layers = quantized.report.layers.map((layer, i) => ({...layer, relativeError: odd[i], bound: undefined}));
      const {errors} = await reportPlots({...quantized, report: {...quantized.report, layers}}, {document});
      const widths = Array.from(errors?.querySelectorAll('[aria-label="bar"] rect') ?? [], (rect) =>
        Number(rect.getAttribute('width')),
      );
      expect([widths[0] / widths[2], widths[1]]).to.deep.equal([1, 0]);
      expect(widths[2]).to.be.greaterThan(100);
      quantized.dispose();
    });

    it('shows the bound of the theory where it applies, and clipped steps where it does not', async () => {
      const quantized = await through(letters);
      const {report} = quantized;
      const bound = {limit: 4, measured: 1, applies: true};
      const mixed = {
        ...quantized,
        report: {
          ...report,
          layers: report.layers.map((layer, i) => (i === 0 ? {...layer, bound, clippedShare: 0} : layer)),
        },
      };
      const {errors} = await reportPlots(mixed, {document});
      expect(errors && drawingsOf(errors).slice(1)).to.deep.equal([
        'Largest error as a share of its bound. first: 1 of 4; second: does not apply; scores: does not apply',
        `Clipped steps. second: ${share(report.layers[1].clippedShare)}; ` +
          `scores: ${share(report.layers[2].clippedShare)}`,
      ]);
      quantized.dispose();
    });

    it('draws each letter where it lies, and says how often it is used', async () => {
      const compression = await through(everything);
      const [histogram] = await letterHistograms(compression);
      const {
        histograms: [{element}],
      } = await reportPlots(compression, {document});
      expect(titlesOf(element)).to.include.members(
        histogram.letters.map(({level, share: used}) => `letter ${level}: ${share(used)}`),
      );
      expect(titlesOf(element)).to.include('pruned: 50.00 %');
      const drawn = new Set(
        titlesOf(element).flatMap(
          (title) =>
            /: ([\d,]+) weights/
              .exec(title)
              ?.slice(1)
              .map((count) => Number(count.replaceAll(',', ''))) ?? [],
        ),
      );
      expect(
        histogram.bins.flatMap(({original}) => (original > 0 && !drawn.has(original) ? [original] : [])),
      ).to.deep.equal([]);
      compression.dispose();
    });

    it('keeps long names whole in tables and tips, and shortens them on axes', async () => {
      const quantized = await through(letters);
      const long = `encoder/${'block/'.repeat(12)}dense_17`;
      const report = JSON.parse(JSON.stringify(quantized.report).replaceAll('"first"', JSON.stringify(long))) as Report;
      const {errors} = await reportPlots({...quantized, report}, {document});
      expect(errors && titlesOf(errors).some((title) => title.startsWith(long))).to.equal(true);
      const axis = Array.from(
        errors?.querySelectorAll('[aria-label="y-axis tick label"] text') ?? [],
        ({textContent}) => textContent,
      );
      expect(axis).to.include('encoder/bl…ck/dense_17');
      quantized.dispose();
    });
  });
});

function share(value = NaN): string {
  return `${(100 * value).toFixed(2)} %`;
}

/** What the drawings of a figure say of themselves. */
function drawingsOf(figure: Element): Array<string | null> {
  return Array.from(figure.querySelectorAll('svg[role="img"]'), (drawing) => drawing.getAttribute('aria-label'));
}

function titlesOf(figure: Element): string[] {
  return Array.from(figure.querySelectorAll('title'), ({textContent}) => textContent);
}
