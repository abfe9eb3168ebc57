import {expect} from 'chai';
import type {LayerReport, ReportData} from 'tfjs-compress';
import {reportTable} from '../../src/report/reportTable.ts';
import {denseReport} from '../support/models/denseReport.ts';

const data: ReportData = {
  stages: ['spfqPrune', 'spfqQuantize'],
  layers: [],
  skipped: [],
  size: {
    compressedWeights: 48,
    parameters: 83,
    bitsPerWeight: 28 / 3,
    bytesBefore: 332,
    bytesAfter: 196,
    gzipBytesAfter: 210,
  },
  evaluation: undefined,
  milliseconds: 1234,
};
const TOTALS = 'weights: 48 of 83 at 9.33 bits with scales; bytes: 332 → 196 packed, 210 gzipped';

/** The lines after the first, which has the stages. */
const linesOf = (changes: Partial<ReportData>): string[] =>
  reportTable({...data, ...changes})
    .split('\n')
    .slice(1);

/** By heading, the cells of a layer. */
function cellsOf(layer: Partial<LayerReport>): Record<string, string> {
  const [headings, cells] = linesOf({layers: [denseReport(layer)]}).map((line) => line.split(/ {2,}/));
  return Object.fromEntries(headings.map((heading, column) => [heading, cells[column]]));
}

describe('reportTable(data)', () => {
  it('begins with the stages and the seconds, and of no layers has only the totals besides', () => {
    expect(reportTable(data)).to.equal(`stages: spfqPrune → spfqQuantize, 1.2 s\n${TOTALS}`);
    expect(reportTable({...data, stages: []})).to.match(/^stages: none, 1\.2 s\n/);
  });

  it('has one cell of each column for a layer', () => {
    expect(cellsOf({})).to.deep.equal({
      layer: 'hidden',
      type: 'Dense',
      shape: '6 × 8',
      letters: '15',
      bits: '3.91',
      pruned: '–',
      scale: 'channel',
      error: '1.25 %',
      'measured / bound': '–',
      clipped: '0.10 %',
      dead: '2',
      rows: '100',
      kernel: 'reference',
      ms: '12',
    });
  });

  for (const [what, changes, cells] of [
    ['several matrices', {matrixCount: 3}, {shape: '3 × 6 × 8'}],
    ['float32 weights without a scale', {levels: 2 ** 32, granularity: undefined}, {letters: 'float32', scale: '–'}],
    ['groups with offsets', {granularity: {group: 4}, offset: true}, {scale: 'group 4 + offset'}],
    ['zeros that are not its own choice', {sparsity: 0.5}, {pruned: '50.00 %'}],
    [
      'zeros of a pattern',
      {sparsity: 0.5, pruning: {pattern: '2:4', mask: 'path', candidates: []}},
      {pruned: '50.00 % 2:4'},
    ],
    ['a bound', {bound: {limit: 2, measured: 0.5, applies: true}}, {'measured / bound': '0.500 / 2.00'}],
    [
      'a bound that does not apply',
      {bound: {limit: 2, measured: 0.5, applies: false}},
      {'measured / bound': '0.500 / (2.00)'},
    ],
    ['an error on calibrated rows', {heldOutRows: 0}, {error: '1.25 %*'}],
    ['fewer rows than features', {calibrationRows: 5}, {rows: '5!'}],
  ] as ReadonlyArray<readonly [string, Partial<LayerReport>, Record<string, string>]>) {
    it(`writes ${what}`, () => {
      expect(cellsOf(changes)).to.include(cells);
    });
  }

  it('explains each mark once, however many layers have it, and none that no layer has', () => {
    const marked = denseReport({
      heldOutRows: 0,
      calibrationRows: 5,
      bound: {limit: 2, measured: 1, applies: false},
    });
    const notes = linesOf({layers: [marked, marked]}).slice(3, -1);
    expect(notes.map((note) => note.slice(0, 7))).to.deep.equal(['* on ca', '! fewer', '(bound)']);
    expect(linesOf({layers: [denseReport()]})).to.have.length(3);
  });

  it('adds what stages found about a layer, a line for each finding', () => {
    const layer = denseReport({
      pruning: {
        pattern: 'unstructured',
        mask: 'path',
        candidates: [
          {mask: 'path', relativeError: 0.1, outputError: 0.05},
          {mask: 'magnitude', relativeError: 0.2, outputError: 0.15},
        ],
      },
      choice: '4 bits by sensitivity',
      damping: 0.01,
      correction: {before: 0.02, after: 0.01, kept: true},
    });
    expect(linesOf({layers: [layer]}).slice(2, -1)).to.deep.equal([
      'hidden: mask by path; error, and after the activation: 10.00 %, 5.00 % by path; 20.00 %, 15.00 % by magnitude',
      'hidden: 4 bits by sensitivity',
      'hidden: damping 0.0100',
      'hidden: correction kept, error 2.00 % → 1.00 %',
    ]);
  });

  it('has one line for a layer that several stages skipped for the same reason, and one for each other reason', () => {
    const skip = (stage: string, reason: string) => ({stage, name: 'mean', className: 'Pooling', reason});
    const skipped = [skip('a', 'no weights'), skip('b', 'no weights'), skip('b', 'excluded')];
    expect(linesOf({skipped})).to.deep.equal([
      'a, b left mean (Pooling) as it is: no weights',
      'b left mean (Pooling) as it is: excluded',
      TOTALS,
    ]);
  });

  for (const [what, accuracyBefore, text] of [
    ['with targets', 0.9, 'accuracy: 90.00 % → 80.00 %, agreement: 75.00 %, output error: 2.00 %, on 20 samples'],
    ['without targets', undefined, 'agreement: 75.00 %, output error: 2.00 %, on 20 samples'],
  ] as const) {
    it(`ends with the evaluation ${what}`, () => {
      const evaluation = {
        samples: 20,
        accuracyBefore,
        accuracyAfter: accuracyBefore && 0.8,
        agreement: 0.75,
        relativeError: 0.02,
      };
      expect(linesOf({evaluation})).to.deep.equal([TOTALS, text]);
    });
  }
});
