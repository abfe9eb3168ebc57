import {axisX, dot, lineY, link, rectY, ruleY, text} from '@observablehq/plot';
import type {LayerReport, LetterHistogram} from '../../../src/index.ts';
import {COLOURS, drawing} from '../drawing.ts';
import {groupDigits, percent, short} from '../numbers.ts';
import {figure} from './figure.ts';
import type {Canvas} from './qualityFigures.ts';

/** Fewer letters have a head, and room for a number. */
const FEW = 33;
const HEIGHT = 168;
/** Pixels that a number above a letter takes. */
const NUMBER = 32;

/** The original weights of a layer with the letters, or the zeros, drawn in. */
export function histogramFigure(
  {document, width}: Canvas,
  histogram: LetterHistogram,
  {offset}: LayerReport,
): HTMLElement {
  const {name, letters, prunedShare, weights} = histogram;
  const kinds = [
    ...(letters.length > 0 ? [`${letters.length} letters`] : []),
    ...(prunedShare > 0 ? [`${percent(prunedShare, 1)} pruned`] : []),
    `${groupDigits(weights)} weights`,
  ];
  return figure(document, {kind: 'histogram', title: name, caption: `${kinds.join(', ')}.`}, [
    {heading: name, drawing: drawingOf(document, width, histogram, offset)},
  ]);
}

/** A vertical line: a letter, or the pruned weights. */
interface Spike {
  readonly at: number;
  readonly share: number;
  readonly height: number;
  readonly colour: string;
  readonly title: string;
}

function drawingOf(document: Document, width: number, histogram: LetterHistogram, offset: boolean): Element {
  const {bins, unit, letters} = histogram;
  const tallest = Math.max(
    ...bins.map(({original, compressed}) => Math.max(original, letters.length > 0 ? 0 : compressed)),
    1,
  );
  const spikes = spikesOf(histogram, unit === 'step' && offset);
  const edges = {x1: 'from', x2: 'to', fill: COLOURS.before, title: binTitle, inset: 0} as const;
  const [{from}, {to}] = [bins[0], bins[bins.length - 1]];
  const between = letters.length > 1 ? (width * (letters[1].level - letters[0].level)) / (to - from) : width;
  return drawing({
    document,
    width,
    height: HEIGHT,
    marginLeft: 8,
    marginRight: 8,
    marginTop: 20,
    marginBottom: 36,
    ariaLabel:
      `Weights of ${histogram.name}. ` +
      (spikes.length <= FEW ? spikes.map(({title}) => title).join('; ') : `${letters.length} letters`),
    x: {domain: [from, to]},
    y: {axis: null, domain: [0, 1]},
    marks: [
      rectY(
        bins.filter(({original, pruned}) => original > pruned),
        {...edges, y1: 0, y2: ({original, pruned}: Bin) => (original - pruned) / tallest, fillOpacity: 0.65},
      ),
      rectY(
        bins.filter(({pruned}) => pruned > 0),
        {
          ...edges,
          y1: ({original, pruned}: Bin) => (original - pruned) / tallest,
          y2: ({original}: Bin) => original / tallest,
          fillOpacity: 0.3,
        },
      ),
      ...(letters.length > 0
        ? []
        : [
            lineY(outlineOf(bins), {
              x: 'at',
              y: ({count}: Corner) => count / tallest,
              stroke: COLOURS.after,
              strokeWidth: 1.5,
            }),
          ]),
      ruleY([0], {stroke: 'currentColor', strokeOpacity: 0.5}),
      link(spikes, {
        x1: 'at',
        x2: 'at',
        y1: 0,
        y2: 'height',
        stroke: 'colour',
        strokeWidth: letters.length <= FEW ? 2 : 1,
        title: 'title',
      }),
      ...(letters.length <= FEW ? [dot(spikes, {x: 'at', y: 'height', fill: 'colour', r: 3.5, title: 'title'})] : []),
      text(
        spikes.filter(({colour}) => between >= NUMBER || colour === COLOURS.mark),
        {
          x: 'at',
          y: 'height',
          text: ({share}: Spike) => percent(share, 0),
          dy: -10,
          stroke: 'var(--compress-paper, Canvas)',
          strokeWidth: 4,
          fill: 'currentColor',
          title: 'title',
        },
      ),
      axisX({
        ticks: 5,
        tickSize: 4,
        label: unit === 'weight' ? 'weight' : offset ? '(weight − offset) / step' : 'weight / step',
        labelArrow: 'none',
        labelAnchor: 'center',
      }),
    ],
  });
}

type Bin = LetterHistogram['bins'][number];

interface Corner {
  readonly at: number;
  readonly count: number;
}

/** The kept weights of a layer without letters, as stairs. */
function outlineOf(bins: readonly Bin[]): Corner[] {
  return bins.flatMap(({from, to, compressed}) => [
    {at: from, count: compressed},
    {at: to, count: compressed},
  ]);
}

function binTitle({from, to, original, pruned}: Bin): string {
  return (
    `${short(from)} to ${short(to)}: ${groupDigits(original)} ` +
    `weights${pruned > 0 ? `, ${groupDigits(pruned)} of them pruned` : ''}`
  );
}

/** @param isNowhere whether pruned weights, which are 0, lie at another place for every neuron */
function spikesOf({letters, prunedShare}: LetterHistogram, isNowhere: boolean): Spike[] {
  const zeros =
    prunedShare > 0 && !isNowhere
      ? [{at: 0, share: prunedShare, colour: COLOURS.mark, title: `pruned: ${percent(prunedShare)}`}]
      : [];
  const all = [
    ...letters.map(({level, share}) => ({
      at: level,
      share,
      colour: COLOURS.after,
      title: `letter ${short(level)}: ${percent(share)}`,
    })),
    ...zeros,
  ];
  const tallest = Math.max(...all.map(({share}) => share), Number.MIN_VALUE);
  return all.map((spike) => ({...spike, height: spike.share / tallest}));
}
