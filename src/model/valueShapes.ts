import type {layers} from '@tensorflow/tfjs-layers';
import {messageOf, ModelError} from '../errors.ts';
import {adapterFor} from '../layers/registry.ts';
import type {CallList} from './callList.ts';

/** The shapes of a model's values for one sample, by number; the first axis is the batch, 1. */
export type ValueShapes = ReadonlyArray<readonly number[]>;

/**
 * Computes the shape of every value of a model from the shapes of its inputs. Nothing is run: layers infer shapes.
 * @param inputShapes of one sample, without the batch
 * @throws ModelError if inputs of these shapes do not go through a layer
 */
export function valueShapes({calls, inputs}: CallList, inputShapes: ReadonlyArray<readonly number[]>): ValueShapes {
  const shapes: Array<readonly number[]> = [];
  inputs.forEach((value, i) => {
    shapes[value] = [1, ...inputShapes[i]];
  });
  for (const {layer, inputs: given, outputs} of calls) {
    const made = outputShapes(
      layer,
      given.map((value) => [...shapes[value]]),
    );
    outputs.forEach((value, i) => {
      shapes[value] = made[i];
    });
  }
  return shapes;
}

function outputShapes(layer: layers.Layer, given: number[][]): number[][] {
  const shapes: ReadonlyArray<readonly unknown[]> = listOf(computeShapes(layer, given));
  if (shapes.flat().every((length) => Number(length) > 0)) return shapes.map((shape) => shape.map(Number));
  throw new ModelError(
    `layer '${layer.name}': expected inputs that it has an output for, got ${JSON.stringify(given)}, which would ` +
      `give ${JSON.stringify(shapes)}`,
  );
}

function computeShapes(layer: layers.Layer, given: number[][]): readonly unknown[] {
  try {
    return (
      adapterFor(layer)?.outputShape?.(layer, given[0]) ??
      layer.computeOutputShape(given.length === 1 ? given[0] : given)
    );
  } catch (cause) {
    throw new ModelError(
      `layer '${layer.name}': expected it to compute the shape of its output for inputs ${JSON.stringify(given)}, ` +
        'got: ' +
        messageOf(cause),
      {cause},
    );
  }
}

/** Shapes as a list, whether there is one or several. */
function listOf(shapes: readonly unknown[]): ReadonlyArray<readonly unknown[]> {
  return shapes.every((shape) => Array.isArray(shape)) && shapes.length > 0 ? shapes : [shapes];
}
