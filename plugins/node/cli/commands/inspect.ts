import {type LoadedModel, loadModel} from '../files/loadModel.ts';
import {importModules} from '../importModules.ts';
import {alignedTable, type Column} from '../output/alignedTable.ts';
import {type LayerRow, layerRows} from '../output/layerRows.ts';
import {bytesText, countText} from '../output/numbers.ts';
import {createOutput, wrapText} from '../output/output.ts';
import {startBackend} from '../startBackend.ts';
import type {RunOptions} from './sharedOptions.ts';

/** Lists the layers of a model, and how they are stored. */
export async function inspectCommand(source: string, options: RunOptions): Promise<void> {
  const output = createOutput(options);
  await startBackend(options.backend);
  await importModules(options.import);
  const loaded = await loadModel(source, options.allowOutside);
  const rows = layerRows(loaded.model, loaded.weights);
  output.document({...factsOf(loaded, rows), layers: rows});
  const [headings, ...lines] = alignedTable(COLUMNS, rows, output.width);
  output.print([
    ...wrapText(titleOf(loaded), output.width, 2),
    '',
    output.heading(headings),
    ...lines,
    '',
    ...wrapText(totalsOf(loaded, rows), output.width, 2),
  ]);
}

const COLUMNS: ReadonlyArray<Column<LayerRow>> = [
  {heading: 'layer', text: ({name}) => name},
  {heading: 'type', text: ({type}) => type},
  {heading: 'output', text: ({outputShape}) => (outputShape ? shapeText(outputShape) : '–')},
  {heading: 'weights', text: ({weights}) => countText(weights), isNumber: true},
  {heading: 'stored as', text: ({storedAs}) => storedAs},
  {heading: 'bytes', text: ({bytes}) => countText(bytes), isNumber: true},
];

function factsOf({model, file, isPacked, bytes}: LoadedModel, rows: readonly LayerRow[]): object {
  return {
    model: file.name,
    name: model.name,
    isPacked,
    inputs: model.inputs.map(({shape}) => shape.slice(1)),
    outputs: model.outputs.map(({shape}) => shape.slice(1)),
    weights: rows.reduce((sum, {weights}) => sum + weights, 0),
    bytes,
  };
}

function titleOf({model, file, isPacked}: LoadedModel): string {
  const shapes = (tensors: typeof model.inputs): string =>
    tensors.map(({shape}) => shapeText(shape.slice(1))).join(' and ');
  return (
    `${file.name}: ${isPacked ? 'packed' : 'float'} model '${model.name}', ${shapes(model.inputs)} → ` +
    shapes(model.outputs)
  );
}

function totalsOf({bytes}: LoadedModel, rows: readonly LayerRow[]): string {
  const weights = rows.reduce((sum, row) => sum + row.weights, 0);
  return (
    `${countText(weights)} weights in ${bytesText(bytes)} of files, model.json included: ` +
    `${((8 * bytes) / Math.max(1, weights)).toFixed(2)} bits for each; ${bytesText(4 * weights)} as float32`
  );
}

function shapeText(shape: ReadonlyArray<number | null>): string {
  return shape.length === 0 ? 'scalar' : shape.map((length) => length ?? '?').join('×');
}
