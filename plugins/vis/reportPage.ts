import type {Compression, Report} from '../../src/index.ts';
import {requireObject, resolveOptions} from '../../src/options.ts';
import {type Child, documentFor, element} from './dom.ts';
import {GLOSSARY} from './glossary.ts';
import {duration, groupDigits} from './numbers.ts';
import {PAGE_STYLE} from './pageStyle.ts';
import {type ReportPlots, reportPlots} from './reportPlots.ts';
import {layerTables} from './tables/layerTables.ts';
import {notesOf} from './tables/notes.ts';
import {packingTable} from './tables/packingTable.ts';

/** Options of {@link reportPage}. */
export interface ReportPageOptions {
  /** What makes the elements. Default: the page's; Node has none. */
  readonly document?: Document;
  /** The heading of the page. Default: the name of the model. */
  readonly title?: string;
}

/** Pixels of a drawing: what a telephone shows without shrinking it. */
const WIDTH = 360;

/**
 * A report as one HTML file that needs nothing else: no script, no network, light or dark as its reader likes it, fit
 * to be printed.
 *
 * ```ts
 * const {document} = parseHTML('<html></html>');                 // of linkedom, in Node
 * await writeFile('report.html', await reportPage(compression, {document}));
 * ```
 * @param compression what any pipeline gave, packed or not; nothing of it is changed
 * @throws OptionError, also in Node if no `document` is given; ModelError if the model was disposed of
 */
export async function reportPage(compression: Compression, options: ReportPageOptions = {}): Promise<string> {
  requireObject('reportPage', options);
  const {document: given, ...others} = options;
  const {title} = resolveOptions<{title: string}>(
    'reportPage',
    others,
    {title: {fallback: compression.original.name, expected: 'a string', accepts: (value) => typeof value === 'string'}},
    ['document'],
  );
  const document = documentFor('reportPage', given);
  const plots = await reportPlots(compression, {document, width: WIDTH});
  const body = element(
    document,
    'body',
    {},
    element(document, 'main', {}, ...contentOf(document, title, compression, plots)),
  );
  return `<!doctype html>
<html lang="en"><head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHTML(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
${body.outerHTML}
</html>
`;
}

/** As text of an element. */
function escapeHTML(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function contentOf(
  document: Document,
  title: string,
  {original, report, seed}: Compression,
  {summary, accuracy, size, errors, bits, histograms, skipped}: ReportPlots,
): Child[] {
  const section = (heading: string, ...children: readonly Child[]): Child[] => [
    element(document, 'h2', {}, heading),
    ...children,
  ];
  const grid = (...figures: readonly Child[]): Child => element(document, 'div', {class: 'figures'}, ...figures);
  const packing = packingTable(document, report);
  return [
    headerOf(document, title, {name: original.name, report, seed}),
    summary,
    notesList(document, report),
    ...section('Before and after', grid(accuracy, size)),
    ...(report.layers.length > 0
      ? [
          ...section('Layer by layer', errors, bits),
          ...section(
            'Weights and letters',
            element(document, 'p', {class: 'lead'}, HISTOGRAMS),
            grid(...histograms.map((histogram) => histogram.element)),
          ),
          ...section('In numbers', ...layerTables(document, report).map((table) => scrollable(document, table))),
        ]
      : []),
    ...(packing ? section('Packed', scrollable(document, packing)) : []),
    ...(skipped ? section('Left alone', scrollable(document, skipped)) : []),
    ...(report.layers.length === 0
      ? []
      : section(
          'What the words mean',
          element(
            document,
            'dl',
            {class: 'words'},
            ...GLOSSARY.flatMap(([word, meaning]) => [
              element(document, 'dt', {}, word),
              element(document, 'dd', {}, meaning),
            ]),
          ),
        )),
    element(document, 'footer', {}, 'Made with tfjs-compress. Everything on this page is in this file.'),
  ];
}

const HISTOGRAMS =
  'Grey: the original weights, the lighter part of them pruned. Blue: the letters that took their place, ' +
  'with the share of all weights that each has; where nothing was ' +
  'quantized, the outline of the weights that were kept. Orange: what is exactly 0. Where every neuron has a ' +
  'scale of its own, weights are shown in steps of it, offsets taken off.';

function headerOf(
  document: Document,
  title: string,
  {name, report, seed}: {readonly name: string; readonly report: Report; readonly seed: number},
): HTMLElement {
  const {stages, size, milliseconds, layers} = report;
  const state = layers.length > 0 ? 'compressed' : 'not compressed';
  return element(
    document,
    'header',
    {},
    element(document, 'h1', {}, title),
    element(
      document,
      'p',
      {},
      `${title === name ? '' : `${name}, `}${groupDigits(size.parameters)} parameters, ${state}, seed ${seed}, ` +
        duration(milliseconds),
    ),
    element(
      document,
      'ol',
      {class: 'stages', 'aria-label': 'Stages, in order'},
      ...stages.map((stage) => element(document, 'li', {}, element(document, 'span', {}, stage))),
    ),
  );
}

function notesList(document: Document, report: Report): HTMLElement | undefined {
  const notes = notesOf(report);
  return notes.length > 0
    ? element(
        document,
        'ul',
        {class: 'notes', 'aria-label': 'Worth knowing'},
        ...notes.map((note) => element(document, 'li', {}, note)),
      )
    : undefined;
}

/** Wide tables scroll by themselves, with the keyboard, too. */
function scrollable(document: Document, wide: Element): HTMLElement {
  return element(document, 'div', {class: 'scroll', tabindex: '0'}, wide);
}
