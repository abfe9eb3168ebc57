import {memory, type Tensor, tensor2d} from '@tensorflow/tfjs-core';
import {type LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {parseHTML} from 'linkedom';
import {firstValueFrom, lastValueFrom, type Observable} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  evaluate,
  ModelError,
  OptionError,
  pack,
  type Report,
  rtnQuantize,
  spfqCompress,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import {reportPage, reportPlots, type ReportPlotsOptions} from 'tfjs-compress/plugins/vis';
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

    const chains: Readonly<Record<string, Pipeline>> = {
      nothing: (source) => source,
      pruning: (source) => source.pipe(spfqPrune({sparsity: 0.5})),
      'pruning, packed': (source) => source.pipe(spfqPrune({pattern: '2:4'}), pack()),
      letters: (source) => source.pipe(spfqQuantize({bits: 4})),
      'letters by a budget': (source) => source.pipe(spfqQuantize({bits: 'auto', budget: {bitsPerWeight: 4}})),
      'letters of some layers': (source) => source.pipe(spfqQuantize({bits: 1, include: ['second']})),
      rounding: (source) => source.pipe(rtnQuantize({bits: 3})),
      'both in one': (source) => source.pipe(spfqCompress({sparsity: 0.5, bits: 3})),
      everything: (source) =>
        source.pipe(spfqPrune({sparsity: 0.5}), spfqQuantize({bits: 2}), correct(), evaluate({xs: x, ys: y}), pack()),
      'agreement alone': (source) => source.pipe(spfqQuantize({bits: 'ternary'}), evaluate({xs: x})),
    };

    for (const [name, pipeline] of Object.entries(chains)) {
      it(`shows what came of ${name}, and leaves no tensor behind`, async () => {
        const compression = await through(pipeline);
        const {numTensors} = memory();
        const plots = await reportPlots(compression, {document});
        const html = await reportPage(compression, {document});
        expect(memory().numTensors).to.equal(numTensors);
        expect(plots.histograms.map(({layer}) => layer)).to.deep.equal(compression.layers.map((layer) => layer.name));
        requireNumbers(plots.errors, compression.report);
        expect(html).to.match(/^<!doctype html>\n<html lang="en">/);
        requireComplete(html, compression.report);
        requireOffline(html);
        expect(html).not.to.match(/NaN|undefined|Infinity|\[object/);
        compression.dispose();
      });
    }

    it('shows accuracy only where it was measured, sizes always', async () => {
      const measured = await through(chains['everything']);
      const {accuracy, size, summary} = await reportPlots(measured, {document});
      const {evaluation, size: bytes} = measured.report;
      expect(accuracy && drawingsOf(accuracy)).to.deep.equal([
        `Shares of the evaluated samples. before: ${share(evaluation?.accuracyBefore)}; ` +
          `after: ${share(evaluation?.accuracyAfter)}; same answer: ${share(evaluation?.agreement)}`,
      ]);
      expect(titlesOf(size)).to.include.members([
        `float32: ${bytes.bytesBefore.toLocaleString('en-US')} bytes`,
        `packed: ${bytes.bytesAfter.toLocaleString('en-US')} bytes`,
      ]);
      expect(summary.textContent).to.contain(
        `${share(evaluation?.accuracyBefore)} → ${share(evaluation?.accuracyAfter)}`,
      );
      const unmeasured = await through(chains['letters']);
      expect((await reportPlots(unmeasured, {document})).accuracy).to.equal(undefined);
      [measured, unmeasured].forEach(({dispose}) => {
        dispose();
      });
    });

    it('names layers left alone, each reason with all its stages', async () => {
      const compression = await through(chains['everything']);
      const {skipped} = await reportPlots(compression, {document});
      const rows = Array.from(skipped?.querySelectorAll('tbody tr') ?? [], (row) =>
        Array.from(row.children, (cell) => cell.textContent),
      );
      expect(rows[0]).to.deep.equal(['norm', 'BatchNormalization', 'spfqPrune, spfqQuantize', 'has no weight matrix']);
      expect(rows.map(([layer]) => layer)).to.include('scores');
      compression.dispose();
    });

    it('is harmless whatever layers, the model and the page are called', async () => {
      const hostile = '"\'></title></style><script>alert(1)</script><img src=x onerror=alert(1)>&amp;';
      const quantized = await through(chains['everything']);
      const renamed = JSON.parse(
        JSON.stringify(quantized.report)
          .replaceAll('"first"', JSON.stringify(hostile))
          .replaceAll('"norm"', JSON.stringify(hostile)),
      ) as Report;
      const html = await reportPage({...quantized, report: renamed}, {document, title: hostile});
      requireOffline(html);
      const read = parseHTML(html).document;
      expect(read.querySelector('img, [onerror], [onload]')).to.equal(null);
      expect(read.querySelector('h1')?.textContent).to.equal(hostile);
      expect(Array.from(read.querySelectorAll('th'), (cell) => cell.textContent)).to.include(hostile);
      quantized.dispose();
    });

    it('says what to know before believing a figure', async () => {
      const quantized = await through(chains['letters']);
      const {report} = quantized;
      const few = {...report, layers: report.layers.map((layer) => ({...layer, calibrationRows: 2, heldOutRows: 0}))};
      const read = parseHTML(await reportPage({...quantized, report: few}, {document})).document;
      const notes = Array.from(read.querySelectorAll('.notes li'), ({textContent}) => textContent);
      expect(notes).to.deep.equal([
        'first, second, scores: fewer calibration rows than features (2 for 36, 2 for 40, 2 for 24). Calibrate on ' +
          'more samples.',
        'first, second, scores: too few samples to hold any out; errors are of calibrated rows and flatter.',
        'Accuracy was not measured: put evaluate({xs, ys}) after the last stage that changes weights.',
        'Sizes are those once packed: pack() makes the model that small; before it, weights are float32.',
      ]);
      quantized.dispose();
    });

    it('says that Node has no document, and which one to give', async () => {
      const compression = await firstValueFrom(compress(model));
      const message =
        'expected `document` to be a DOM document, as there is no page here (for example ' +
        "`parseHTML('<html></html>').document` of linkedom), got undefined";
      await rejects(reportPlots(compression), OptionError, `reportPlots: ${message}`);
      await rejects(reportPage(compression), OptionError, `reportPage: ${message}`);
      await rejects(
        reportPage(compression, {document: {} as Document}),
        OptionError,
        'expected `document` to be a DOM document',
      );
    });

    it('refuses options that are none, and a model that is gone', async () => {
      const compression = await through(chains['letters']);
      await rejects(
        reportPlots(compression, {document, widht: 300} as ReportPlotsOptions),
        OptionError,
        '`width` is meant?',
      );
      await rejects(
        reportPlots(compression, {document, width: 20}),
        OptionError,
        'expected `width` to be an integer from 160',
      );
      await rejects(
        reportPage(compression, {document, title: 5 as unknown as string}),
        OptionError,
        'expected `title` to be a string, got 5',
      );
      compression.dispose();
      await rejects(reportPage(compression, {document}), ModelError, 'expected a live model');
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

function requireNumbers(errors: Element | undefined, {layers: reported}: Report): void {
  if (reported.length === 0) {
    expect(errors).to.equal(undefined);
    return;
  }
  const [first] = errors ? drawingsOf(errors) : [];
  expect(first).to.equal(
    `Relative error. ${reported.map(({name, relativeError}) => `${name}: ${share(relativeError)}`).join('; ')}`,
  );
}

/** The page's first table has a row for each layer; every stage, figure and reason is there. */
function requireComplete(html: string, {layers: reported, skipped, stages, packing}: Report): void {
  const read = parseHTML(html).document;
  expect(Array.from(read.querySelectorAll('.stages li'), ({textContent}) => textContent)).to.deep.equal(stages);
  const table = read.querySelector('table');
  const rows = Array.from(table?.querySelectorAll('tbody th') ?? [], ({textContent}) => textContent);
  if (reported.length > 0) expect(rows).to.deep.equal(reported.map(({name}) => name));
  for (const {reason} of skipped) expect(read.body.textContent).to.contain(reason);
  if (packing) expect(read.body.textContent).to.contain(`Packed layers on the backend '${packing.backend}'`);
  for (const figure of read.querySelectorAll('figure')) {
    expect(figure.getAttribute('aria-label')).to.be.a('string').that.is.not.empty;
    expect(figure.querySelector('figcaption')?.textContent).to.be.a('string').that.is.not.empty;
  }
}

/** Nothing is fetched and nothing runs. */
function requireOffline(html: string): void {
  expect(html.replaceAll(/xmlns(:\w+)?="[^"]*"/g, '')).not.to.match(/https?:|@import|url\(/);
  expect(
    parseHTML(html).document.querySelector('script, link, iframe, object, embed, base, [src], [srcset], [href]'),
  ).to.equal(null);
}

async function rejects(
  promise: Promise<unknown>,
  type: new (...given: never[]) => Error,
  message: string,
): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(type);
  expect(String(error)).to.contain(message);
}
