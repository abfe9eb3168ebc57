import {checkLine, type SelfCheckReport} from './selfCheckReport.ts';

/** What {@link pack} made, on the backend that was active. */
export interface PackingReport {
  /** The backend of the routes. */
  readonly backend: string;
  /** The packed layers. */
  readonly layers: readonly PackedLayerReport[];
  /** Their comparison with float32 counterparts, if there was one. */
  readonly selfCheck: Pick<SelfCheckReport, 'backend' | 'tolerance' | 'layers'> | undefined;
}

/** How a packed layer is computed. */
export interface PackedLayerReport {
  /** The name of the layer in its model. */
  readonly name: string;
  /** By a kernel that reads packed weights, or decoded to float32; undefined if the backend lacks its plugin. */
  readonly route: 'packed' | 'decoded' | undefined;
  /** Bytes of the weights it computes with, its bias included: as stored, or 4 per weight if it is decoded. */
  readonly bytes: number;
}

const ROUTES = ['packed', 'decoded', undefined] as const;

/** A packing as lines of the report's table. */
export function packingLines({backend, layers, selfCheck}: PackingReport): string[] {
  const lines = ROUTES.flatMap((route) => {
    const taking = layers.filter((layer) => layer.route === route);
    if (taking.length === 0) return [];
    const names = taking.map(({name}) => name).join(', ');
    const bytes = taking.reduce((sum, layer) => sum + layer.bytes, 0);
    return [`${routeText(route, backend)}: ${names}; ${bytes} bytes`];
  });
  return [...lines, ...(selfCheck ? checkLines(selfCheck) : [])];
}

function routeText(route: PackedLayerReport['route'], backend: string): string {
  if (route === undefined) return `not computed on '${backend}', whose plugin is missing`;
  return route === 'packed' ? `computed from packed weights on '${backend}'` : `decoded to float32 on '${backend}'`;
}

/** One line with the largest error, and one for each layer that failed. */
function checkLines({layers}: NonNullable<PackingReport['selfCheck']>): string[] {
  const failed = layers.filter(({passed}) => !passed);
  const compared = layers.filter(({inputs, passed}) => passed && inputs !== 'none');
  if (layers.every(({inputs}) => inputs === 'none'))
    return ['self-check: nothing to compare, as every layer is decoded'];
  const largest = Math.max(0, ...compared.map(({relativeError}) => relativeError));
  return [
    `self-check: ${compared.length} layers passed, largest relative error ${largest.toPrecision(3)}`,
    ...failed.map((check) => `self-check: ${checkLine(check)}`),
  ];
}
