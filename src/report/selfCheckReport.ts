import type {LayerCheck, SelfCheckReport} from '../types.ts';

/** A self-check as a report that can be printed. */
export function selfCheckReport(data: Omit<SelfCheckReport, 'toString'>): SelfCheckReport {
  return {
    ...data,
    toString: () =>
      [`self-check on '${data.backend}', tolerance ${data.tolerance}:`, ...data.layers.map(checkLine)].join('\n'),
  };
}

/** How a layer fared. */
export function checkLine({name, route, inputs, maxError, relativeError, cosine, passed}: LayerCheck): string {
  if (inputs === 'none') return `${name}: decoded to float32, nothing to compare`;
  const errors = `error ${short(maxError)}, relative ${short(relativeError)}, cosine ${cosine.toFixed(6)}, on ${inputs === 'probe' ? 'the probe' : 'random inputs'}`;
  const silent = passed && Number.isNaN(cosine) ? '; all outputs are 0' : '';
  return `${name}: ${passed ? 'passed' : 'FAILED'}, ${errors}${silent}${!passed && route === 'decoded' ? '; decoded to float32 instead' : ''}`;
}

function short(value: number): string {
  return value === 0 ? '0' : value.toPrecision(3);
}
