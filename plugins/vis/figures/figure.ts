import {type Child, element} from '../dom.ts';

/** A part of a figure with a heading of its own. */
export interface Panel {
  /** What is drawn. */
  readonly heading: string;
  readonly drawing: Element;
}

/** What a figure says beside what it draws. */
export interface FigureText {
  /** The last part of its class, `compress-…`. */
  readonly kind: string;
  readonly title: string;
  /** One sentence below it. */
  readonly caption: string;
}

/** A figure of one or more panels, with its title above and a sentence below. */
export function figure(document: Document, {kind, title, caption}: FigureText, panels: readonly Panel[]): HTMLElement {
  const drawings: Child[] = panels.map(({heading, drawing}) =>
    panels.length === 1
      ? drawing
      : element(
          document,
          'div',
          {class: 'compress-panel'},
          element(document, 'p', {class: 'compress-heading'}, heading),
          drawing,
        ),
  );
  return element(
    document,
    'figure',
    {class: `compress-figure compress-${kind}`, 'aria-label': title},
    element(document, 'p', {class: 'compress-title'}, title),
    element(document, 'div', {class: 'compress-panels'}, ...drawings),
    element(document, 'figcaption', {}, caption),
  );
}
