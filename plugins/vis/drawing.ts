import {plot, type PlotOptions} from '@observablehq/plot';

/** What a drawing must say of itself. */
export interface DrawingOptions extends PlotOptions {
  readonly document: Document;
  readonly width: number;
  /** What is shown, for those who cannot see it. */
  readonly ariaLabel: string;
}

/** A plot as one image in the text's own colour. */
export function drawing(options: DrawingOptions): Element {
  const drawn = plot({
    ...options,
    style: {fontSize: '12px', overflow: 'visible', background: 'none'},
    color: {type: 'identity'},
  });
  drawn.setAttribute('role', 'img');
  return drawn;
}
