import type {MonoTypeOperatorFunction} from 'rxjs';
import {resolveOptions, selfCheckRule} from '../options.ts';
import {packStage} from '../stages/pack/packStage.ts';
import type {Compression} from '../stages/run/compression.ts';
import {stage} from './stage.ts';

/** Options of {@link pack}. */
export interface PackOptions {
  /**
   * Whether packed layers are compared, on the active backend, with their float32 counterparts, on calibration data
   * where there is any (see {@link selfCheck}): `true` ends the stream if one fails, `'decode'` decodes it to float32
   * and notes it in the report. Default: true on 'webgpu' with the plugin, false elsewhere.
   */
  readonly selfCheck?: boolean | 'decode';
}

/**
 * Replaces every compressed layer by a packed one: small in files, in memory and on the device. Put it last.
 *
 * The packed model predicts and saves like any other; `loadPacked`, or `registerPacked()` and `tf.loadLayersModel`,
 * load it again.
 *
 * ```ts
 * compress(model)
 *   .pipe(calibrate(x), spfqQuantize({bits: 2}), pack())
 *   .subscribe(({model}) => model.save('indexeddb://small'));
 * ```
 * @param options see {@link PackOptions}
 * @returns an operator whose stream may end with a ModelError: nothing was compressed, weights were changed since, or
 *   it is packed already; with a SelfCheckError; or with a BackendError where there is no `crypto.subtle`, on a page
 *   that was loaded over plain http
 * @throws OptionError at once, for an option that is unknown or has a wrong value
 */
export function pack(options: PackOptions = {}): MonoTypeOperatorFunction<Compression> {
  const {selfCheck} = resolveOptions<{readonly selfCheck: PackOptions['selfCheck']}>('pack', options, {
    selfCheck: selfCheckRule,
  });
  return stage('pack', (compression, context) => packStage(compression, selfCheck, context));
}
