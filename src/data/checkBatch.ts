import type {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel, SymbolicTensor} from '@tensorflow/tfjs-layers';
import {DataError} from '../errors.ts';

/**
 * Refuses inputs that do not fit the model.
 * @param where the operator, and the batch if it is one of several, for messages
 * @throws DataError that names the place, the input, what was expected and what came
 */
export function checkBatch(where: string, batch: readonly Tensor[], model: LayersModel): void {
  if (batch.length !== model.inputs.length) {
    throw new DataError(
      `${where}: expected ${model.inputs.length} tensors (${model.inputNames.join(', ')}), got ${batch.length}`,
    );
  }
  model.inputs.forEach((input, i) => {
    const tensor = batch[i];
    const location = `${where}: input '${model.inputNames[i]}'`;
    if (tensor.isDisposed)
      throw new DataError(
        `${location}: expected a tensor, got a disposed one; a source must make its tensors anew on every reading`,
      );
    if (!fits(tensor, input))
      throw new DataError(`${location}: expected shape [${shapeText(input.shape)}], got [${tensor.shape.join(', ')}]`);
    if (tensor.dtype === 'string' || tensor.dtype === 'complex64')
      throw new DataError(`${location}: expected dtype ${input.dtype}, got ${tensor.dtype}`);
    if (tensor.shape[0] !== batch[0].shape[0]) {
      throw new DataError(
        `${location}: expected ${batch[0].shape[0]} samples as in input '${model.inputNames[0]}', got ` +
          `${tensor.shape[0]}`,
      );
    }
  });
}

/**
 * Refuses NaN and Infinity. It is checked on the CPU, because WGSL may optimise such checks away.
 * @param numbers the numbers of the samples for messages, if they are not counted from 0
 * @throws DataError that names the place, the input and the first bad sample
 */
export async function checkFinite(
  where: string,
  batch: readonly Tensor[],
  model: LayersModel,
  numbers?: ArrayLike<number>,
): Promise<void> {
  for (const [i, tensor] of batch.entries()) {
    const values = await tensor.data();
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    const sample = Math.floor(at / (tensor.size / tensor.shape[0]));
    throw new DataError(
      `${where}: input '${model.inputNames[i]}': expected finite numbers, got ${values[at]} in sample ` +
        `${numbers?.[sample] ?? sample}`,
    );
  }
}

function fits(tensor: Tensor, input: SymbolicTensor): boolean {
  return (
    tensor.rank === input.shape.length &&
    input.shape.every((size, axis) => axis === 0 || size === null || size === tensor.shape[axis])
  );
}

function shapeText(shape: ReadonlyArray<number | null>): string {
  return shape.map((size, axis) => (axis === 0 ? 'batch' : (size ?? 'any'))).join(', ');
}
