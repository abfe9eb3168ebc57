import * as tf from '@tensorflow/tfjs';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {isFullInstalled, loadFashionMnist} from '../../examples/fashion-mnist/data.ts';
import {fallingRates, trainConvnet} from '../../examples/fashion-mnist/trainConvnet.ts';
import {classifierRows} from './classifier.ts';
import {createResidualCnn} from './createResidualCnn.ts';
import {createTransformer} from './createTransformer.ts';
import type {ModelBench} from './modelRow.ts';
import {trainedModel} from './trainedModel.ts';

/** Epochs over all 60,000 images; over the embedded 10,000 six times as many. */
interface Schedule {
  readonly epochs: number;
  readonly peak: number;
}

/** Conv2D, BatchNormalization and Add. */
export const residualCnn = fashionBench('residual CNN', createResidualCnn, {epochs: 2, peak: 4e-3});

/** Dense layers that attend to each other, LayerNormalization, and a layer of its own. */
export const transformer = fashionBench('tiny transformer', createTransformer, {epochs: 2, peak: 3e-3});

/**
 * A network for Fashion-MNIST, of all images if Debian's dataset-fashion-mnist is installed, else of the embedded ones.
 */
function fashionBench(name: string, create: () => LayersModel, {epochs, peak}: Schedule): ModelBench {
  return {
    name,
    async *rows(run) {
      const full = isFullInstalled();
      const {train, test} = await loadFashionMnist({full});
      const model = await trainedModel(name.replaceAll(' ', '-') + (full ? '' : '-embedded'), {
        create,
        train: (fresh) =>
          trainConvnet(fresh, train, {
            rates: fallingRates(full ? epochs : 6 * epochs, peak),
            batchSize: 128,
            onProgress: told(name),
          }),
      });
      yield* classifierRows({name, model, train, test, least: 90}, run);
      model.dispose();
      tf.dispose([train.x, train.y, test.x, test.y]);
    },
  };
}

/** Says a line now and then. */
function told(
  name: string,
): (progress: {readonly images: number; readonly loss: number; readonly accuracy: number}) => void {
  let next = 0;
  return ({images, loss, accuracy}) => {
    if (images < next) return;
    next = images + 10_000;
    console.error(`${name}: ${images} images, loss ${loss.toFixed(3)}, accuracy ${(100 * accuracy).toFixed(1)} %`);
  };
}
