import {Tensor} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {DataError, formatValue} from '../errors.ts';

/** Inputs in memory: a tensor, one for each input of the model, or by the names of the inputs. */
export type InputTensors = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** The tensors in the order of the model's inputs. */
export function inputsOf(where: string, data: InputTensors, model: LayersModel): Tensor[] {
  if (data instanceof Tensor) return [data];
  if (isList(data)) return [...data];
  return model.inputNames.map((name) => {
    const tensor = data[name];
    if (!tensor)
      throw new DataError(
        `${where}: expected a tensor for the input '${name}', got tensors for ` +
          Object.keys(data).map(formatValue).join(', '),
      );
    return tensor;
  });
}

/** The tensors in the order in which they were given. */
export function listOf(data: InputTensors): Tensor[] {
  if (data instanceof Tensor) return [data];
  return isList(data) ? [...data] : Object.values(data);
}

function isList(data: InputTensors): data is readonly Tensor[] {
  return Array.isArray(data);
}

/** Whether a value is inputs in memory. */
export function isTensorInput(data: unknown): data is InputTensors {
  if (data instanceof Tensor) return true;
  if (typeof data !== 'object' || data === null) return false;
  const values: unknown[] = Object.values(data);
  return values.length > 0 && values.every((value) => value instanceof Tensor);
}

/** The number of samples that a model takes together: the fixed batch size of its inputs, or else the requested one. */
export function batchSizeFor(model: LayersModel, requested: number): number {
  return model.inputs[0].shape[0] ?? requested;
}
