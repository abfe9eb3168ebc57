import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {LetterForm} from './packedLetters.ts';
import {LANES, type ProductTile, readsVectors} from './productForm.ts';

/** With more slices too few features are left for each. */
const MAX_SLICES = 8;

/** This many invocations keep a GPU busy without slices. */
const ENOUGH_INVOCATIONS = 2 ** 17;

/** The longest run that is unrolled for wide tiles: the text of a longer one takes long to compile. */
const MAX_UNROLLED = 16;

/**
 * The tile that a product is computed in.
 *
 * SwiftShader runs invocations one after another: there memory shared by a workgroup only costs, while tiles save
 * loads and decoding. 4 rows × 8 neurons measured best of 1 × 1 to 8 × 4, and 4 × 4 for kept codes among pruned ones.
 *
 * A GPU wants many invocations: fewer neurons in a tile, and where rows are few, sums shared by slices of a workgroup.
 * That side of the rule follows from how GPUs work; it is not measured on one.
 */
export function productTile(backend: WebGPUBackend, rows: number, neurons: number, letters: LetterForm): ProductTile {
  if (isSoftware(backend)) {
    const isWide = rows >= 4 && readsVectors(letters) && letters.perRun <= MAX_UNROLLED;
    return {rows: Math.min(rows, 4), neurons: Math.min(neurons, isWide ? 8 : 4), slices: 1};
  }
  const tileRows = rows >= 8 ? 8 : rows >= 3 ? 4 : rows;
  const invocations = Math.ceil(rows / tileRows) * Math.ceil(neurons / LANES) * LANES;
  return {rows: tileRows, neurons: 1, slices: invocations < ENOUGH_INVOCATIONS ? MAX_SLICES : 1};
}

/** Whether the adapter is a processor: SwiftShader, Mesa's llvmpipe, or Windows' WARP. */
export function isSoftware({adapterInfo}: WebGPUBackend): boolean {
  const architecture: unknown = Reflect.get(adapterInfo, 'architecture');
  return typeof architecture === 'string' && /swiftshader|llvmpipe|warp/i.test(architecture);
}
