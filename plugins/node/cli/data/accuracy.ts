import {argMax, dispose, greater, squeeze, type Tensor, tidy} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {EvaluationData} from './evaluationData.ts';

/** The share of inputs whose class a model finds: its largest score, or of a single score whether it is above ½. */
export async function accuracyOf(
  model: LayersModel,
  data: EvaluationData,
): Promise<{readonly accuracy: number; readonly samples: number}> {
  let [right, samples] = [0, 0];
  for await (const {xs, ys} of data.read()) {
    const answers = tidy(() => answersOf([model.predict(xs)].flat()[0]));
    const [found, labels] = await Promise.all([answers.data<'int32'>(), ys?.data<'int32'>()]);
    dispose([xs, answers, ...(ys ? [ys] : [])]);
    samples += found.length;
    right += found.filter((answer, i) => answer === labels?.[i]).length;
  }
  return {accuracy: right / samples, samples};
}

function answersOf(scores: Tensor): Tensor {
  return scores.shape.at(-1) === 1 ? squeeze(greater(scores, 0.5), [-1]) : argMax(scores, -1);
}
