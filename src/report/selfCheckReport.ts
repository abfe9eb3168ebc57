import {shortText} from './numberText.ts';

/** The result of {@link selfCheck} for the packed layers of a model. */
export interface SelfCheckReport {
  /** The backend it ran on. */
  readonly backend: string;
  /** The largest relative error that passes. */
  readonly tolerance: number;
  /** The packed layers of the model, including those of nested models. */
  readonly layers: readonly LayerCheck[];
  /** As text, one line for each layer. */
  toString(): string;
}

/** A packed layer compared with the same layer with float32 weights, on the same backend. */
export interface LayerCheck {
  /** The name of the layer in its model. */
  readonly name: string;
  /** How it is computed after the check: by a kernel that reads packed weights, or decoded to float32. */
  readonly route: 'packed' | 'decoded';
  /** Its inputs: the probe after the layers before it, random numbers, or none if the layer was decoded already. */
  readonly inputs: 'probe' | 'random' | 'none';
  /** max |y − ỹ|; NaN or Infinity if an output is. */
  readonly maxError: number;
  /** max |y − ỹ| / max |y|. */
  readonly relativeError: number;
  /** ⟨y, ỹ⟩ / ‖y‖‖ỹ‖; NaN if one of them is 0. */
  readonly cosine: number;
  /** Whether the relative error is within the tolerance. */
  readonly passed: boolean;
}

/** A self-check report from its data. */
export function selfCheckReport(data: Omit<SelfCheckReport, 'toString'>): SelfCheckReport {
  return {
    ...data,
    toString: () =>
      [`self-check on '${data.backend}', tolerance ${data.tolerance}:`, ...data.layers.map(checkLine)].join('\n'),
  };
}

/** The check of a layer as one line. */
export function checkLine({name, route, inputs, maxError, relativeError, cosine, passed}: LayerCheck): string {
  if (inputs === 'none') return `${name}: decoded to float32, nothing to compare`;
  const verdict = passed ? 'passed' : 'FAILED';
  const errors = `error ${shortText(maxError)}, relative ${shortText(relativeError)}, cosine ${cosine.toFixed(6)}`;
  const source = inputs === 'probe' ? 'the probe' : 'random inputs';
  const silent = passed && Number.isNaN(cosine) ? '; all outputs are 0' : '';
  const decoded = !passed && route === 'decoded' ? '; decoded to float32 instead' : '';
  return `${name}: ${verdict}, ${errors}, on ${source}${silent}${decoded}`;
}
