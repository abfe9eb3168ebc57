import {Callback, type LayersModel} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';
import {requireAlive} from '../model/requireModel.ts';
import {requireUnpacked} from '../packed/requireUnpacked.ts';
import type {Compression} from '../stages/run/compression.ts';
import {collectKeptMasks, keepZeros, type KeptMask, requireZeros, selectPruned} from './keptMasks.ts';

/**
 * A Keras-style callback that keeps the pruned weights of a model at zero while it is trained further. It can be used
 * for several trainings.
 */
export class MaskGradients extends Callback {
  private trained: LayersModel | undefined;
  private masks: readonly KeptMask[] = [];

  constructor(private readonly compression: Compression) {
    super();
  }

  /** Called by `fit`. */
  override setModel(model: LayersModel): void {
    super.setModel(model);
    this.trained = model;
  }

  // Hooks are bound: with plain objects in the list tfjs calls them unbound, and does not tell which model it trains.

  /** Called by `fit`, which waits for it. */
  override readonly onTrainBegin = async (): Promise<void> => {
    const masks = collectKeptMasks('maskGradients', this.compression.layers, this.trained ?? this.compression.model);
    await requireZeros('maskGradients', masks);
    this.masks = masks;
  };

  /** Called by `fit`, which waits for it. */
  override readonly onBatchEnd = async (): Promise<void> => {
    keepZeros(this.masks);
  };
}

/**
 * Creates a {@link MaskGradients} for the callbacks of further training: after each batch every pruned weight of
 * `compression.model` is exactly 0 again, while the kept weights are trained.
 *
 * ```ts
 * const compression = await lastValueFrom(compress(model).pipe(calibrate(x), spfqPrune({sparsity: 0.8})));
 * compression.model.compile({optimizer: 'adam', loss: 'categoricalCrossentropy'});
 * await compression.model.fit(x, y, {epochs: 3, callbacks: maskGradients(compression)});
 * ```
 * This is w ← m ⊙ (w + Δw) for any step Δw of the optimizer. Its moments are not changed: those of pruned weights still
 * accumulate gradients, but have no effect, because optimizers treat each weight separately. Loss and metrics of a
 * batch are computed before the mask is applied, with the zeros of the previous batch.
 * @param compression a compression with pruned layers; of quantized layers the zeros stay, the letters do not
 * @throws ModelError at once, if nothing is pruned or the model is packed; `fit` rejects with one if it trains another
 *   model
 */
export function maskGradients(compression: Compression): MaskGradients {
  const {layers, model} = compression;
  requireUnpacked('maskGradients', model, 'packed weights do not train: train first, pack() last');
  requireAlive('maskGradients', model);
  if (selectPruned(layers).length === 0) {
    throw new ModelError(
      'maskGradients: expected a compression with pruned weights, got none; ' +
        'put spfqPrune or spfqCompress into its pipeline',
    );
  }
  return new MaskGradients(compression);
}
