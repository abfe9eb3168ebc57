import type {LayersModel} from '@tensorflow/tfjs-layers';
import {defer, finalize, identity, type Observable, of} from 'rxjs';
import {
  calibrate,
  compress,
  type Compression,
  correct,
  evaluate,
  pack,
  progress,
  type ProgressObserver,
  spfqPrune,
  spfqQuantize,
} from 'tfjs-compress';
import type {Images} from '../images.ts';
import type {Adapted} from './adapt.ts';
import {tensorsOf} from './classifier.ts';

/** What to compress to, and who looks on. */
export interface Recipe {
  /** Of each weight. */
  readonly bits: 'ternary' | 1 | 2 | 3 | 4 | 8;
  /** The share of weights that become 0, from 0 to 0.9. */
  readonly sparsity: number;
  /** What accuracy is measured on. */
  readonly test: Images;
  readonly onProgress: ProgressObserver;
}

/** So many rows of its inputs are enough for each layer, which has 384 at most, and quickly multiplied. */
const rows = 2048;

/**
 * Compresses what was adapted, calibrated on the images that it was adapted on. Unsubscribing cancels it, and frees
 * what it used.
 */
export function compressAdapted({compression, xs}: Adapted, recipe: Recipe): Observable<Compression> {
  return compressed(of(compression).pipe(calibrate(xs, {rows})), recipe);
}

/** Compresses a model as it is, calibrated on images that it is to be used for. */
export function compressModel(model: LayersModel, images: Images, recipe: Recipe): Observable<Compression> {
  return defer(() => {
    const {xs, dispose} = tensorsOf(images);
    return compressed(compress(model).pipe(calibrate(xs, {rows})), recipe).pipe(finalize(dispose));
  });
}

function compressed(
  source: Observable<Compression>,
  {bits, sparsity, test, onProgress}: Recipe,
): Observable<Compression> {
  return defer(() => {
    const {xs, ys, dispose} = tensorsOf(test);
    return source.pipe(
      progress(onProgress),
      sparsity > 0 ? spfqPrune({sparsity}) : identity,
      spfqQuantize({bits}),
      correct(),
      evaluate({xs, ys}),
      pack(),
      finalize(dispose),
    );
  });
}
