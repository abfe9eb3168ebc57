import type {LayerReport, Report} from '../../../src/index.ts';
import {COLOURS} from '../drawing.ts';
import {percent, short} from '../numbers.ts';
import {type Bar, bars} from './bars.ts';
import {figure, type Panel} from './figure.ts';
import type {Canvas} from './qualityFigures.ts';

/**
 * Relative errors of all layers; beside them the bound of the theory where it applies, and clipped steps where it does
 * not.
 */
export function errorsFigure({document, width}: Canvas, {layers}: Report): HTMLElement {
  const panel = (heading: string, rows: readonly Bar[], whole?: number): Panel => ({
    heading,
    drawing: bars(document, rows, {label: heading, width, ...(whole !== undefined && {whole})}),
  });
  const followed = layers.filter(({bound}) => bound !== undefined);
  const isBounded = followed.some(({bound}) => bound?.applies);
  const isClipped = followed.some(({bound}) => bound?.applies === false);
  return figure(
    document,
    {
      kind: 'errors',
      title: 'Error of each layer',
      caption: captionOf(layers, isBounded, isClipped),
    },
    [
      panel('Relative error', layers.map(errorBar)),
      ...(isBounded ? [panel('Largest error as a share of its bound', followed.map(boundBar), 1)] : []),
      ...(isClipped ? [panel('Clipped steps', followed.filter(({bound}) => !bound?.applies).map(clippedBar))] : []),
    ],
  );
}

function captionOf(layers: readonly LayerReport[], isBounded: boolean, isClipped: boolean): string {
  return [
    'How far a layer’s outputs are from the original’s, relative to their norm, on held-out rows.',
    ...(layers.some(({heldOutRows}) => heldOutRows === 0) ? ['*: on calibrated rows, as there were too few.'] : []),
    ...(isBounded ? ['The bound of the theory holds for the path before refinement, with probability 0.99.'] : []),
    ...(isClipped
      ? [
          `${isBounded ? 'Where it does not apply, ' : 'The bound of the theory does not apply here; '}beside the ` +
            'errors are the clipped steps, those of the path beyond the outermost letter.',
        ]
      : []),
  ].join(' ');
}

function errorBar({name, relativeError, heldOutRows, bound}: LayerReport): Bar {
  const text = `${percent(relativeError)}${heldOutRows === 0 ? '*' : ''}`;
  const path = bound
    ? `; largest error along the path ${short(bound.measured)}, ` +
      `bound ${short(bound.limit)}${bound.applies ? '' : ' (does not apply)'}`
    : '';
  return {label: name, value: relativeError, text, title: `${name}: ${text}${path}`};
}

function boundBar({name, bound}: LayerReport): Bar {
  if (!bound?.applies)
    return {label: name, value: undefined, text: 'does not apply', title: `${name}: the bound does not apply`};
  const {measured, limit} = bound;
  return {
    label: name,
    value: measured / limit,
    limit: 1,
    text: `${short(measured)} of ${short(limit)}`,
    title: `${name}: at most ${short(measured)} where ${short(limit)} is the bound`,
    colour: COLOURS.after,
  };
}

function clippedBar({name, clippedShare}: LayerReport): Bar {
  return {
    label: name,
    value: clippedShare,
    text: percent(clippedShare),
    title: `${name}: ${percent(clippedShare)} of the steps were clipped`,
    colour: COLOURS.mark,
  };
}

/** Bits of the letters, and the pruned share, of all layers. */
export function bitsFigure({document, width}: Canvas, {layers}: Report): HTMLElement {
  const isPruned = layers.some(({sparsity}) => sparsity > 0);
  const hasLetters = layers.some(({granularity}) => granularity !== undefined);
  return figure(
    document,
    {
      kind: 'bits',
      title: isPruned ? 'Bits and sparsity of each layer' : 'Bits of each layer',
      caption:
        'Bits per weight as packed, with scales and masks' +
        (hasLetters ? '; the mark is what a letter carries by itself, log₂ of their number' : '') +
        '.',
    },
    [
      {heading: 'Bits per weight', drawing: bars(document, layers.map(bitsBar), {label: 'Bits per weight', width})},
      ...(isPruned
        ? [
            {
              heading: 'Pruned weights',
              drawing: bars(document, layers.map(sparsityBar), {label: 'Pruned weights', width, whole: 1}),
            },
          ]
        : []),
    ],
  );
}

function bitsBar({name, bytes, weights, effectiveBits, levels}: LayerReport): Bar {
  const bits = (8 * bytes) / weights;
  const isFloat = levels === 2 ** 32;
  const letters = isFloat ? 'kept weights are float32' : `${levels} letters, ${short(effectiveBits)} bits each`;
  return {
    label: name,
    value: bits,
    limit: isFloat ? undefined : effectiveBits,
    text: bits.toFixed(2),
    title: `${name}: ${bits.toFixed(2)} bits per weight; ${letters}`,
  };
}

function sparsityBar({name, sparsity, pruning}: LayerReport): Bar {
  return {
    label: name,
    value: sparsity,
    text: sparsity > 0 ? percent(sparsity, 1) : '–',
    title: `${name}: ${percent(sparsity)} pruned${pruning ? `, mask by ${pruning.mask}` : ''}`,
    colour: COLOURS.mark,
  };
}
