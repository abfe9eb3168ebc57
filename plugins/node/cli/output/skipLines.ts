import type {Report} from 'tfjs-compress';
import {wrapText} from './output.ts';

/**
 * Layers as they are, one line for each reason; stages that give the same one share it. An empty line behind them, if
 * there are any.
 * @param verb what stages do with them
 */
export function skipLines({skipped}: Pick<Report, 'skipped'>, verb: 'left' | 'would leave', width: number): string[] {
  const stages = new Map<string, Set<string>>();
  for (const {stage, name, reason} of skipped) addTo(stages, `${name}\n${reason}`, stage);
  const names = new Map<string, Set<string>>();
  for (const [key, by] of stages) {
    const [name, reason] = key.split('\n');
    addTo(names, `${reason}\n${[...by].join(', ')}`, name);
  }
  const lines = [...names].flatMap(([key, left]) => {
    const [reason, by] = key.split('\n');
    return wrapText(
      `${by} ${verb} ${[...left].join(', ')} as ${left.size > 1 ? 'they are' : 'it is'}: ${reason}`,
      width,
      2,
    );
  });
  return lines.length > 0 ? [...lines, ''] : [];
}

function addTo(groups: Map<string, Set<string>>, key: string, item: string): void {
  groups.set(key, (groups.get(key) ?? new Set()).add(item));
}
