import {serialization} from '@tensorflow/tfjs-core';
import {registerMissing} from '../ops/kernel.ts';
import {packedReference} from '../ops/packed/packedReference.ts';
import {Packed} from './packed.ts';

/**
 * Registers the packed layer class with tfjs, so that `tf.loadLayersModel` loads a packed model. `loadPacked` and
 * `pack` do so by themselves.
 *
 * ```ts
 * import {registerPacked} from 'tfjs-compress';
 * registerPacked();
 * const model = await tf.loadLayersModel('indexeddb://small');
 * ```
 */
export function registerPacked(): void {
  serialization.registerClass(Packed);
  registerMissing(packedReference);
}
