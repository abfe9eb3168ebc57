import {type Column, textTable} from '../../report/textTable.ts';
import type {StoredForm} from './storedForm.ts';

/** How the kernel of a compressed layer was written. */
export interface StockLayer {
  /** The name of the layer in its model. */
  readonly name: string;
  /** Its type, as in `Dense`. */
  readonly className: string;
  /** The form of its weights in the file. */
  readonly method: StoredForm['dtype'] | 'float32';
  /** The layer that absorbed the steps of its channels; in a graph the node that multiplies letters by them. */
  readonly foldedInto?: string | undefined;
  /** Whether tfjs decodes each weight, times its step if that was folded away, to the same float32 number. */
  readonly exact: boolean;
  /** The largest difference of a decoded weight. */
  readonly maxError: number;
  /** The largest absolute value of its weights. */
  readonly maxWeight: number;
  /** Bytes of its kernel. */
  readonly bytes: number;
  /** The number of its weights. */
  readonly weights: number;
}

/** The result of {@link exportStock}, layer by layer. */
export interface StockReport {
  /** The compressed layers, in the order of the walk. */
  readonly layers: readonly StockLayer[];
  /** Bytes of all weights of the model in the file, without `model.json`. */
  readonly bytes: number;
  /** The report as a table. */
  toString(): string;
}

const COLUMNS: ReadonlyArray<Column<StockLayer>> = [
  ['layer', ({name}) => name],
  ['type', ({className}) => className],
  [
    'written as',
    ({method, foldedInto}) => (foldedInto === undefined ? method : `${method}, scales folded into ${foldedInto}`),
  ],
  [
    'max error',
    ({exact, maxError, maxWeight}) => (exact ? 'exact' : `${maxError.toPrecision(2)} of ${maxWeight.toPrecision(2)}`),
  ],
  ['weights', ({weights}) => String(weights)],
  ['bytes', ({bytes}) => String(bytes)],
];

/** Creates a report with its table. */
export function stockReport(layers: readonly StockLayer[], bytes: number): StockReport {
  const total = `weights: ${bytes} bytes with all other parameters in float32`;
  return {layers, bytes, toString: () => [...textTable(COLUMNS, layers), total].join('\n')};
}
