import {keptRows} from '../keptRows.ts';
import type {ModelRow} from './modelRow.ts';

/** Rows as bench/results/models.json keeps them. */
export const {read: readModelRows, keep: keepModelRow} = keptRows(
  'models',
  ({model, method, setting, measure}: ModelRow) => JSON.stringify([model, method, setting, measure]),
);
