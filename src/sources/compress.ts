import type {LayersModel} from '@tensorflow/tfjs-layers';
import {defer, type Observable, of} from 'rxjs';
import {resolveOptions, seedRule} from '../options.ts';
import {type Compression, createCompression} from '../stages/run/compression.ts';

/** Options of the sources. */
export interface SourceOptions {
  /** The seed of all stages without one of their own. Default 0. */
  readonly seed?: number;
}

/**
 * Begins a pipeline with a trained model. The model is never written to.
 *
 * ```ts
 * const {model: small, report} = await lastValueFrom(compress(model).pipe(calibrate(x), spfqQuantize({bits: 2})));
 * ```
 * @param model a built tf.LayersModel
 * @returns emits one compression on subscription, and completes; a model that cannot be compressed ends it with a
 *   ModelError
 * @throws OptionError at once, for an unknown option
 */
export function compress(model: LayersModel, options: SourceOptions = {}): Observable<Compression> {
  const {seed} = resolveOptions<Required<SourceOptions>>('compress', options, {
    seed: seedRule,
  });
  return defer(() => of(createCompression('compress', model, undefined, seed)));
}
