import type {Report} from '../../../src/index.ts';
import {element, table} from '../dom.ts';

/** The layers that were left out, each with the stages that did so and why; nothing if there are none. */
export function skippedTable(document: Document, {skipped}: Report): HTMLElement | undefined {
  if (skipped.length === 0) return undefined;
  const stages = new Map<string, {readonly row: readonly string[]; readonly by: Set<string>}>();
  for (const {stage, name, className, reason} of skipped) {
    const key = JSON.stringify([name, reason]);
    const line = stages.get(key) ?? {row: [name, className, reason], by: new Set()};
    line.by.add(stage);
    stages.set(key, line);
  }
  const rows = Array.from(stages.values(), ({row: [name, className, reason], by}) => [
    name,
    className,
    [...by].join(', '),
    reason,
  ]);
  return element(
    document,
    'div',
    {class: 'compress-skipped'},
    table(document, 'Layers left as they were', ['layer', 'type', 'stage', 'reason'], rows),
  );
}
