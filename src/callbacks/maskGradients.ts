import {Callback, type LayersModel} from '@tensorflow/tfjs-layers';
import {ModelError} from '../errors.ts';
import {requireUnpacked} from '../packed/requireUnpacked.ts';
import {type Compression, requireAlive} from '../stages/run/compression.ts';
import {collectKeptMasks, keepZeros, type KeptMask, requireZeros, selectPruned} from './keptMasks.ts';

/**
 * A Keras-style callback that keeps the pruned weights of a model at zero while it is trained further. For as many
 * trainings as you like.
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

  // Hooks are bound: beside plain objects tfjs takes them out of the callback, and does not say which model it trains.

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
 * A {@link MaskGradients} for the callbacks of further training: after each batch every pruned weight of
 * `compression.model` is exactly 0 again, and the kept weights train on.
 *
 * ```ts
 * const compression = await lastValueFrom(compress(model).pipe(calibrate(x), spfqPrune({sparsity: 0.8})));
 * compression.model.compile({optimizer: 'adam', loss: 'categoricalCrossentropy'});
 * await compression.model.fit(x, y, {epochs: 3, callbacks: maskGradients(compression)});
 * ```
 * This is w ← m ⊙ (w + Δw), whatever step Δw the optimizer takes. Its moments are left alone: those of pruned weights
 * go on to gather gradients, and act on nothing, because optimizers treat each weight by itself. Loss and metrics of a
 * batch are those before the mask, with the zeros of the batch before.
 * @param compression with pruned layers; of quantized ones the zeros stay, the letters do not
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
