import {dispose} from '@tensorflow/tfjs-core';
import {tensorsOnTape} from '../tfjsInternals.ts';

/**
 * Frees what tfjs has saved for the gradient of a loss that could not be computed; tfjs does so only after the
 * gradient.
 */
export function dropTape(): void {
  dispose(tensorsOnTape());
}
