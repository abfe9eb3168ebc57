import {BackendError} from '../../errors.ts';
import type {Packed} from '../../packed/packed.ts';
import type {PackedLayerReport, PackingReport} from '../../report/report.ts';
import {checkLine} from '../../report/selfCheckReport.ts';

/** What is to be said of a packed layer, on the active backend. */
export function packedLayerReport(layer: Packed): PackedLayerReport {
  const route = routeOf(layer);
  const decoded = layer.storage.reduce(
    (
      sum,
      {
        stored: {
          spec: {shape},
        },
      },
    ) => sum + shape.reduce((product, length) => product * length, 1),
    0,
  );
  return {name: layer.name, route, bytes: 4 * (route === 'decoded' ? decoded : layer.countParams())};
}

/** Packing is for files, too: a backend without its plugin may do it. */
function routeOf(layer: Packed): PackedLayerReport['route'] {
  try {
    return layer.route;
  } catch (error) {
    if (error instanceof BackendError) return undefined;
    throw error;
  }
}

/** A packing as lines of the report's table. */
export function packingLines({backend, layers, selfCheck}: PackingReport): string[] {
  const lines = [
    ['packed', `computed from packed weights on '${backend}'`],
    ['decoded', `decoded to float32 on '${backend}'`],
    [undefined, `not computed on '${backend}', whose plugin is missing`],
  ] as const;
  const routes = lines.flatMap(([route, text]) => {
    const taking = layers.filter((layer) => layer.route === route);
    return taking.length > 0
      ? [
          `${text}: ${taking.map(({name}) => name).join(', ')}; ${taking.reduce((sum, {bytes}) => sum + bytes, 0)} bytes`,
        ]
      : [];
  });
  return [...routes, ...(selfCheck ? checkLines(selfCheck) : [])];
}

/** The largest error in one line, and each layer that failed. */
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
