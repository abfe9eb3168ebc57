import {cast, dispose, oneHot, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {classNames, type Images, side} from '../images.ts';

/** Images and labels as tensors. Whoever asks for them disposes of them. */
export interface LabelledTensors {
  /** `[images, 28, 28, 1]`, from 0 to 1. */
  readonly xs: Tensor;
  /** One-hot `[images, 10]`. */
  readonly ys: Tensor;
  readonly dispose: () => void;
}

/** The classifier that comes with the page. */
export async function loadPretrained(): Promise<LayersModel> {
  return loadLayersModel(new URL('model/model.json', document.baseURI).href);
}

/** Images and labels on the device. */
export function tensorsOf({pixels, labels}: Images): LabelledTensors {
  const xs = inputsOf(pixels);
  const ys = tidy(() => cast(oneHot(Array.from(labels), classNames.length), 'float32'));
  return {
    xs,
    ys,
    dispose: () => {
      dispose([xs, ys]);
    },
  };
}

/** What a model says of images: a probability for each class, image after image. */
export async function probabilitiesOf(model: LayersModel, {pixels}: Images): Promise<Float32Array> {
  const [scores] = tidy(() => [model.predict(inputsOf(pixels), {batchSize: 300})].flat());
  try {
    return await scores.data<'float32'>();
  } finally {
    scores.dispose();
  }
}

/** The most probable class of each image. */
export function answersOf(probabilities: Float32Array): number[] {
  const classes = classNames.length;
  return Array.from({length: probabilities.length / classes}, (_, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
}

/** The share of images whose most probable class is their label. */
export async function accuracyOf(model: LayersModel, images: Images): Promise<number> {
  const answers = answersOf(await probabilitiesOf(model, images));
  return answers.filter((answer, i) => answer === images.labels[i]).length / answers.length;
}

function inputsOf(pixels: Uint8Array): Tensor {
  return tensor(
    Float32Array.from(pixels, (value) => value / 255),
    [pixels.length / side ** 2, side, side, 1],
  );
}
