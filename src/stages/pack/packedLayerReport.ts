import {BackendError} from '../../errors.ts';
import {sizeOf} from '../../numerics/sizeOf.ts';
import type {Packed} from '../../packed/packed.ts';
import type {PackedLayerReport} from '../../report/packingReport.ts';

/** The report of a packed layer, on the active backend. */
export function packedLayerReport(layer: Packed): PackedLayerReport {
  const route = routeOf(layer);
  const sizes = layer.storage.map(({stored}) => sizeOf(stored.spec.shape));
  const decoded = sizes.reduce((sum, size) => sum + size, 0);
  return {name: layer.name, route, bytes: 4 * (route === 'decoded' ? decoded : layer.countParams())};
}

/** Undefined without the plugin of the backend, where layers can be packed and saved, but not run. */
function routeOf(layer: Packed): PackedLayerReport['route'] {
  try {
    return layer.route;
  } catch (error) {
    if (error instanceof BackendError) return undefined;
    throw error;
  }
}
