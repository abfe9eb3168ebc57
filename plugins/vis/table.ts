import {element} from './element.ts';

/** A table of texts with a caption. The first cell of a row names it; columns of numbers are aligned to the right. */
export function table(
  document: Document,
  caption: string,
  headings: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
): HTMLElement {
  const aligned = headings.map((_, column) =>
    column > 0 && rows.every((row) => isNumber(row[column])) ? {class: 'compress-number'} : {},
  );
  const rowOf = (texts: readonly string[], isHeading: (column: number) => boolean, scope: string): HTMLElement =>
    element(
      document,
      'tr',
      {},
      ...texts.map((text, column) =>
        isHeading(column)
          ? element(document, 'th', {...aligned[column], scope}, text)
          : element(document, 'td', aligned[column], text),
      ),
    );
  return element(
    document,
    'table',
    {},
    element(document, 'caption', {}, caption),
    element(
      document,
      'thead',
      {},
      rowOf(headings, () => true, 'col'),
    ),
    element(document, 'tbody', {}, ...rows.map((row) => rowOf(row, (column) => column === 0, 'row'))),
  );
}

/** A number followed by its unit or one word, or the dash that stands for none; not a sentence. */
function isNumber(text: string): boolean {
  return /^[\d–]/.test(text) && text.length < 30;
}
