import type {LayerReport, Report} from '../../../src/index.ts';
import {table} from '../dom.ts';
import {bytesText, duration, groupDigits, percent, short} from '../numbers.ts';

/** A column: its heading, and what it says of a layer. */
type Column = readonly [string, (layer: LayerReport) => string];

const NONE = '–';

const NAME: Column = ['layer', ({name}) => name];

const RESULTS: readonly Column[] = [
  NAME,
  ['type', ({className}) => className],
  [
    'weights',
    ({shape: [features, neurons], matrixCount}) =>
      `${matrixCount > 1 ? `${groupDigits(matrixCount)} × ` : ''}${groupDigits(features)} × ${groupDigits(neurons)}`,
  ],
  ['letters', ({levels}) => (levels === 2 ** 32 ? 'float32' : String(levels))],
  ['bits', ({effectiveBits}) => effectiveBits.toFixed(2)],
  ['scale for each', scaleText],
  [
    'pruned',
    ({sparsity, pruning}) =>
      sparsity === 0
        ? NONE
        : `${percent(sparsity)}${pruning && pruning.pattern !== 'unstructured' ? `, ${pruning.pattern}` : ''}`,
  ],
  ['relative error', ({relativeError}) => percent(relativeError)],
  ['packed', ({bytes}) => bytesText(bytes)],
  ['gzipped', ({gzipBytes}) => bytesText(gzipBytes)],
  ['time', ({milliseconds}) => duration(milliseconds)],
];

const MEASUREMENTS: readonly Column[] = [
  NAME,
  ['calibration rows', ({calibrationRows}) => groupDigits(calibrationRows)],
  ['held-out rows', ({heldOutRows}) => groupDigits(heldOutRows)],
  ['largest error', ({bound}) => (bound ? short(bound.measured) : NONE)],
  ['bound', ({bound}) => (bound ? short(bound.limit) : NONE)],
  ['bound applies', ({bound}) => (bound ? (bound.applies ? 'yes' : 'no') : NONE)],
  ['clipped steps', ({clippedShare, bound}) => (bound ? percent(clippedShare) : NONE)],
  ['dead features', ({deadFeatures}) => groupDigits(deadFeatures)],
  ['alignment error', ({alignmentError}) => (alignmentError === undefined ? NONE : percent(alignmentError))],
  ['damping', ({damping}) => (damping === undefined ? NONE : short(damping))],
  ['kernel', ({kernel}) => kernel],
];

const CHOICES: readonly Column[] = [
  NAME,
  ['mask that won', ({pruning}) => pruning?.mask ?? NONE],
  [
    'error of each mask, and after the activation',
    ({pruning}) =>
      pruning?.candidates
        .map(({mask, relativeError, outputError}) => `${mask}: ${percent(relativeError)}, ${percent(outputError)}`)
        .join('; ') ?? NONE,
  ],
  [
    'correction',
    ({correction}) =>
      correction
        ? `${percent(correction.before)} → ${percent(correction.after)}, ${correction.kept ? 'kept' : 'not kept'}`
        : NONE,
  ],
  ['letters', ({choice}) => choice ?? NONE],
];

/** All that stages say of the layers, as tables; columns that say nothing are left out. */
export function layerTables(document: Document, {layers}: Report): HTMLElement[] {
  const tables = [
    ['What became of each layer', RESULTS],
    ['What was measured', MEASUREMENTS],
    ['What was chosen', CHOICES],
  ] as const;
  return tables.flatMap(([caption, columns]) => {
    const telling = columns.filter(([, text]) => layers.some((layer) => text(layer) !== NONE));
    return telling.length > 1
      ? [
          table(
            document,
            caption,
            telling.map(([heading]) => heading),
            layers.map((layer) => telling.map(([, text]) => text(layer))),
          ),
        ]
      : [];
  });
}

function scaleText({granularity, offset}: LayerReport): string {
  if (granularity === undefined) return NONE;
  const whose =
    granularity === 'channel' ? 'neuron' : granularity === 'tensor' ? 'layer' : `${granularity.group} features`;
  return `${whose}${offset ? ', with offset' : ''}`;
}
