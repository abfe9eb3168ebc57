import {area, classNames, type Images, side} from './images.ts';

/** How the world may differ from what the classifier was trained on. */
export interface Shift {
  readonly title: string;
  readonly hint: string;
  readonly apply: (images: Images) => Images;
}

/** The pixel of the old image that comes to a place of the new one. */
type Source = (row: number, column: number) => readonly [number, number];

const last = side - 1;

/** The shifts that the page offers, by their values in its form. */
export const shifts: Readonly<Record<string, Shift>> = {
  rotated: {title: 'Rotated', hint: 'a quarter turn', apply: moved((row, column) => [last - column, row])},
  mirrored: {title: 'Upside down', hint: 'and mirrored', apply: moved((row, column) => [last - row, last - column])},
  inverted: {
    title: 'Inverted',
    hint: 'black on white',
    apply: ({pixels, labels}) => ({pixels: pixels.map((value) => 255 - value), labels}),
  },
  relabelled: {
    title: 'Relabelled',
    hint: 'every label moves on by one',
    apply: ({pixels, labels}) => ({pixels, labels: labels.map((label) => (label + 1) % classNames.length)}),
  },
  none: {title: 'As trained', hint: 'no shift', apply: (images) => images},
};

function moved(source: Source): Shift['apply'] {
  return ({pixels, labels}) => ({
    labels,
    pixels: pixels.map((_, i) => {
      const [image, row, column] = [Math.floor(i / area), Math.floor((i % area) / side), i % side];
      const [fromRow, fromColumn] = source(row, column);
      return pixels[image * area + fromRow * side + fromColumn];
    }),
  });
}
