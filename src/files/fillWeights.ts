import {type Tensor, tensor, tidy, Variable} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {StoredTensor} from '../artifacts/storedTensors.ts';
import {ArtifactError, damagedFile} from '../errors.ts';

/**
 * Fills the weights of a model with the values of a file, bit by bit.
 * @throws ArtifactError that names the first weight that the file lacks, has in another form, or has in addition
 */
export function fillWeights(
  model: LayersModel,
  tensors: readonly StoredTensor[],
  payload: Uint8Array<ArrayBuffer>,
): void {
  const stored = new Map(tensors.map((one) => [one.name, one]));
  for (const {originalName, shape, dtype, ...weight} of model.weights.map(describeWeight)) {
    const found = stored.get(originalName);
    stored.delete(originalName);
    const expected = `weight '${originalName}': expected [${shape.join(', ')}] in ${dtype}`;
    if (!found) throw new ArtifactError(`${expected}, found none; a file of weights is missing, or of another model`);
    if (
      found.dtype !== dtype ||
      found.shape.length !== shape.length ||
      found.shape.some((size, axis) => size !== shape[axis])
    ) {
      throw damagedFile(`${expected}, found [${found.shape.join(', ')}] in ${found.dtype}`);
    }
    tidy(() => {
      weight.variable.assign(tensor(valuesOf(found, payload), [...found.shape], found.dtype));
    });
  }
  const [surplus] = stored.keys();
  if (surplus !== undefined)
    throw damagedFile(`weight '${surplus}': expected a weight of the model, found that it has none of that name`);
}

/** A weight with its variable: writing to the weight itself would apply the layer's constraint and change values. */
function describeWeight(weight: LayersModel['weights'][number]): {
  originalName: string;
  shape: ReadonlyArray<number | null>;
  dtype: string;
  variable: Variable;
} {
  const variable = weight.read();
  if (!isVariable(variable))
    throw new ArtifactError(`weight '${weight.originalName}': expected tfjs to keep it in a variable`);
  return {originalName: weight.originalName, shape: weight.shape, dtype: weight.dtype, variable};
}

function isVariable(tensor: Tensor): tensor is Variable {
  return tensor instanceof Variable;
}

/** The values of a weight, as a copy, because typed arrays must begin at a multiple of their element size. */
function valuesOf(
  {dtype, from, to}: StoredTensor,
  payload: Uint8Array<ArrayBuffer>,
): Float32Array | Int32Array | Uint8Array {
  const bytes = payload.slice(from, to);
  if (dtype === 'bool') return bytes;
  return dtype === 'int32' ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
}
