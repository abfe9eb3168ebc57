import type {MonoTypeOperatorFunction} from 'rxjs';
import {packStage} from '../methods/packStage.ts';
import type {Compression} from '../types.ts';
import {stage} from './stage.ts';

/**
 * Replaces every compressed layer by a packed one: small in files, in memory and on the device. Put it last.
 *
 * The model that comes out predicts and saves like any other; `loadPacked`, or `registerPacked()` and `tf.loadLayersModel`, load it again.
 *
 * ```ts
 * compress(model).pipe(calibrate(x), spfqQuantize({bits: 2}), pack()).subscribe(({model}) => model.save('indexeddb://small'));
 * ```
 * @returns an operator whose stream may end with a ModelError: nothing was compressed, or weights were changed since
 */
export function pack(): MonoTypeOperatorFunction<Compression> {
  return stage('pack', packStage);
}
