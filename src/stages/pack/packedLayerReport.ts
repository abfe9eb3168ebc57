import {BackendError} from '../../errors.ts';
import type {Packed} from '../../packed/packed.ts';
import type {PackedLayerReport} from '../../report/packingReport.ts';

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
