import type {Report} from '../../../src/index.ts';
import {COLOURS} from '../drawing.ts';
import {bytesText, groupDigits, percent, short} from '../numbers.ts';
import {bars} from './bars.ts';
import {figure} from './figure.ts';

/** How figures are drawn. */
export interface Canvas {
  readonly document: Document;
  readonly width: number;
}

/** Accuracy before and after, where it was evaluated; agreement with the original in any case. */
export function accuracyFigure({document, width}: Canvas, {evaluation}: Report): HTMLElement | undefined {
  if (!evaluation) return undefined;
  const {accuracyBefore, accuracyAfter, agreement, relativeError, samples} = evaluation;
  const share = (label: string, value: number | undefined, colour?: string) =>
    value === undefined
      ? []
      : [{label, value, text: percent(value), title: `${label}: ${percent(value)}`, ...(colour && {colour})}];
  const rows = [
    ...share('before', accuracyBefore, COLOURS.before),
    ...share('after', accuracyAfter),
    ...share('same answer', agreement),
  ];
  return figure(
    document,
    {
      kind: 'accuracy',
      title: accuracyAfter === undefined ? 'Agreement with the original' : 'Accuracy',
      caption:
        `On ${groupDigits(samples)} samples. Same answer: how often both models rank the same class first. The ` +
        `outputs differ by ${percent(relativeError)} in norm.`,
    },
    [{heading: 'Accuracy', drawing: bars(document, rows, {label: 'Shares of the evaluated samples', width, whole: 1})}],
  );
}

/** Bytes before and after. */
export function sizeFigure({document, width}: Canvas, {size, packing}: Report): HTMLElement {
  const {bytesBefore, bytesAfter, gzipBytesAfter, bitsPerWeight, compressedWeights} = size;
  const row = (label: string, value: number, colour?: string) => {
    const text = `${bytesText(value)}${value === bytesBefore ? '' : `, ${short(bytesBefore / value)}×`}`;
    return {label, value, text, title: `${label}: ${groupDigits(value)} bytes`, ...(colour && {colour})};
  };
  return figure(
    document,
    {
      kind: 'size',
      title: 'Size',
      caption:
        compressedWeights === 0
          ? 'No layer was compressed.'
          : `${short(bitsPerWeight)} bits for each of ${groupDigits(compressedWeights)} compressed weights, ` +
            `scales and masks included${packing ? '' : '; so small once packed'}.`,
    },
    [
      {
        heading: 'Size',
        drawing: bars(
          document,
          [
            row('float32', bytesBefore, COLOURS.before),
            ...(compressedWeights === 0 ? [] : [row('packed', bytesAfter), row('packed, gzipped', gzipBytesAfter)]),
          ],
          {label: 'Bytes of all weights', width},
        ),
      },
    ],
  );
}
