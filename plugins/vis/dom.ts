import {OptionError} from '../../src/errors.ts';
/** What an element holds: elements, and texts that are escaped when they are written. */
export type Child = Node | string | undefined;

/** A new element with its attributes and children; those that are undefined are left out. */
export function element(
  document: Document,
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

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

/**
 * The document that makes the elements: the one that was given, else the page's.
 * @throws OptionError in Node, if none was given
 */
export function documentFor(where: string, given: Document | undefined): Document {
  if (given !== undefined) {
    if (typeof Reflect.get(Object(given), 'createElementNS') !== 'function')
      throw new OptionError(where, 'document', 'a DOM document', given);
    return given;
  }
  if (typeof document === 'undefined') {
    throw new OptionError(
      where,
      'document',
      "a DOM document, as there is no page here (for example `parseHTML('<html></html>').document` of linkedom)",
      given,
    );
  }
  return document;
}
