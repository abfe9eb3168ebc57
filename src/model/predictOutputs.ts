import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';

/**
 * The outputs of a model as tensors, which belong to the caller.
 * @param inputs one batch, one tensor per input of the model
 */
export function predictOutputs(model: LayersModel, inputs: Tensor[], batchSize?: number): Tensor[] {
  return [model.predict(inputs.length === 1 ? inputs[0] : inputs, batchSize === undefined ? {} : {batchSize})].flat();
}

/** The outputs of a model as numbers. */
export async function predictValues(model: LayersModel, inputs: Tensor[]): Promise<Float32Array[]> {
  const outputs = predictOutputs(model, inputs);
  try {
    return await Promise.all(outputs.map((output) => output.data<'float32'>()));
  } finally {
    dispose(outputs);
  }
}
