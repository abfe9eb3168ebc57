import type {Report} from '../../../src/index.ts';
import {table} from '../dom.ts';
import {bytesText, short} from '../numbers.ts';

/** How each packed layer is computed, and how it compares with its float32 counterpart; nothing before `pack`. */
export function packingTable(document: Document, {packing}: Report): HTMLElement | undefined {
  if (!packing) return undefined;
  const {backend, layers, selfCheck} = packing;
  const rows = layers.map(({name, route, bytes}) => {
    const check = selfCheck?.layers.find((layer) => layer.name === name);
    const cells = [name, routeText(route), bytesText(bytes)];
    return selfCheck ? [...cells, ...checkCells(check)] : cells;
  });
  return table(
    document,
    `Packed layers on the backend '${backend}'`,
    ['layer', 'computed', 'bytes that it computes with', ...(selfCheck ? ['self-check', 'relative error'] : [])],
    rows,
  );
}

function routeText(route: 'packed' | 'decoded' | undefined): string {
  if (route === undefined) return 'not at all: the plugin of the backend is missing';
  return route === 'packed' ? 'from packed weights' : 'decoded to float32';
}

type Check = NonNullable<NonNullable<Report['packing']>['selfCheck']>['layers'][number];

function checkCells(check: Check | undefined): string[] {
  if (!check || check.inputs === 'none') return ['nothing to compare', '–'];
  return [check.passed ? 'passed' : 'FAILED', short(check.relativeError)];
}
