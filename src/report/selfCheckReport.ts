/** What {@link selfCheck} found out about the packed layers of a model. */
export interface SelfCheckReport {
  /** The backend that it ran on. */
  readonly backend: string;
  /** The largest relative error that passes. */
  readonly tolerance: number;
  /** The packed layers of the model, those of nested models too. */
  readonly layers: readonly LayerCheck[];
  /** A line for each layer. */
  toString(): string;
}

/** A packed layer beside the same layer with float32 weights, on the same backend. */
export interface LayerCheck {
  /** The name of the layer in its model. */
  readonly name: string;
  /** How it is computed from now on: by a kernel that reads packed weights, or decoded to float32. */
  readonly route: 'packed' | 'decoded';
  /** What it was compared on: what the layers before it make of the probe, random numbers, or nothing, where it was decoded already. */
  readonly inputs: 'probe' | 'random' | 'none';
  /** max |y − ỹ|; NaN or Infinity where an output is. */
  readonly maxError: number;
  /** max |y − ỹ| / max |y|. */
  readonly relativeError: number;
  /** ⟨y, ỹ⟩ / ‖y‖‖ỹ‖; NaN where one of them is 0. */
  readonly cosine: number;
  /** Whether the packed kernel gave what it must. */
  readonly passed: boolean;
}

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
