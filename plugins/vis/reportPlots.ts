import {type Compression, letterHistograms} from '../../src/index.ts';
import {integer, type OptionRules, requireObject, resolveOptions} from '../../src/options.ts';
import {documentFor} from './dom.ts';
import {histogramFigure} from './figures/histogramFigure.ts';
import {bitsFigure, errorsFigure} from './figures/layerFigures.ts';
import {accuracyFigure, type Canvas, sizeFigure} from './figures/qualityFigures.ts';
import {skippedTable} from './tables/skippedTable.ts';
import {summaryList} from './tables/summaryList.ts';

/** Options of {@link reportPlots}. */
export interface ReportPlotsOptions {
  /** What makes the elements. Default: the page's; Node has none. */
  readonly document?: Document;
  /** Pixels of a drawing; narrower places shrink it. Default 420. */
  readonly width?: number;
}

/** The figures of a report, each a DOM element to be put wherever it is wanted. */
export interface ReportPlots {
  /** Key figures. */
  readonly summary: Element;
  /** Accuracy before and after, and agreement; without `evaluate` there is none. */
  readonly accuracy: Element | undefined;
  /** Bytes before and after. */
  readonly size: Element;
  /** Relative error of each layer, and the bound of the theory or clipped steps; nothing if no layer was compressed. */
  readonly errors: Element | undefined;
  /** Bits and sparsity of each layer. */
  readonly bits: Element | undefined;
  /** The weights of each layer with the letters drawn in. */
  readonly histograms: readonly LayerFigure[];
  /** Layers left as they were; nothing if there are none. */
  readonly skipped: Element | undefined;
}

/** A figure of one layer. */
export interface LayerFigure {
  /** The name of the layer. */
  readonly layer: string;
  /** The figure. */
  readonly element: Element;
}

const RULES: OptionRules<{width: number}> = {width: integer(420, 160, 10_000)};

/**
 * What a report says, drawn: elements for a page of one's own. Colours follow the text's, and the CSS variables
 * `--compress-before`, `--compress-after` and `--compress-mark`, where they are set; classes begin with `compress-`.
 *
 * ```ts
 * const {size, errors} = await reportPlots(compression);
 * document.body.append(size, errors);
 * ```
 * @param compression what any pipeline gave, packed or not; nothing of it is changed
 * @throws OptionError, also in Node if no `document` is given; ModelError if the model was disposed of
 */
export async function reportPlots(compression: Compression, options: ReportPlotsOptions = {}): Promise<ReportPlots> {
  requireObject('reportPlots', options);
  const {document, ...others} = options;
  const {width} = resolveOptions<{width: number}>('reportPlots', others, RULES, ['document']);
  const canvas: Canvas = {document: documentFor('reportPlots', document), width};
  const {report} = compression;
  const isCompressed = report.layers.length > 0;
  return {
    summary: summaryList(canvas.document, report),
    accuracy: accuracyFigure(canvas, report),
    size: sizeFigure(canvas, report),
    errors: isCompressed ? errorsFigure(canvas, report) : undefined,
    bits: isCompressed ? bitsFigure(canvas, report) : undefined,
    histograms: await histograms(canvas, compression),
    skipped: skippedTable(canvas.document, report),
  };
}

async function histograms(canvas: Canvas, compression: Compression): Promise<LayerFigure[]> {
  return (await letterHistograms(compression)).flatMap((histogram) => {
    const layer = compression.report.layers.find(({name}) => name === histogram.name);
    return layer ? [{layer: layer.name, element: histogramFigure(canvas, histogram, layer)}] : [];
  });
}
