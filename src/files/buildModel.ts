import {tidy} from '@tensorflow/tfjs-core';
import {initializers, type layers, LayersModel} from '@tensorflow/tfjs-layers';
import type {PlainTopology} from '../artifacts/plainTopology.ts';
import {byteLength, isShape, isStoredType} from '../artifacts/storedTensors.ts';
import {ArtifactError, messageOf} from '../errors.ts';
import {Packed} from '../packed/packed.ts';
import {type AddWeight, modelFromTopology, withAddWeight} from '../tfjsInternals.ts';

/** A model with all weights 0. */
export interface BuiltModel {
  readonly model: LayersModel;
  /** Its packed layers, also those in wrappers and nested models. */
  readonly packed: readonly Packed[];
  /** Frees all its weights, also those that belong to no model. */
  dispose(): void;
}

type LayerVariable = ReturnType<AddWeight>;

/**
 * Builds a model from a topology that is not trusted.
 * @param bytes the maximum size of its weights
 * @throws ArtifactError if tfjs refuses the topology, or its weights would take more; nothing is left behind
 */
export async function buildModel(topology: PlainTopology, bytes: number): Promise<BuiltModel> {
  const weights: LayerVariable[] = [];
  const packed = new Set<Packed>();
  const dispose = (): void => {
    weights.forEach((weight) => {
      weight.dispose();
    });
  };
  try {
    const model: unknown = await withinBytes(
      bytes,
      (layer, weight) => {
        weights.push(weight);
        if (layer instanceof Packed) packed.add(layer);
      },
      () => modelFromTopology({...topology}),
    );
    if (!(model instanceof LayersModel)) throw new ArtifactError(`expected a topology of a model, found a layer`);
    const used = new Set(model.weights);
    const idle = weights.find((weight) => !used.has(weight));
    if (idle)
      throw new ArtifactError(
        `weight '${idle.originalName}': expected the model's outputs to depend on it, found that they do not`,
      );
    return {model, packed: [...packed], dispose};
  } catch (cause) {
    dispose();
    if (cause instanceof ArtifactError) throw cause;
    throw new ArtifactError(
      `expected a topology that tfjs can build, got: ${messageOf(cause)}; ` +
        'register custom layers with tf.serialization.registerClass, ' +
        'or the file is damaged or was edited',
      {cause},
    );
  }
}

/**
 * Runs tfjs's building of a model such that it allocates no more bytes than the file has.
 *
 * tfjs allocates each weight as large as the topology states, before it reads the weights of the file: `units: 1e9`
 * would take all memory. Only what `build` does before its first `await` is counted; `modelFromTopology` has none
 * before the last weight.
 */
function withinBytes(
  bytes: number,
  added: (layer: layers.Layer, weight: LayerVariable) => void,
  build: () => Promise<unknown>,
): Promise<unknown> {
  let left = bytes;
  const count = (layer: string, name: string, shape: unknown, type: string): void => {
    left -= isShape(shape) && isStoredType(type) ? byteLength(shape, type) : NaN;
    if (left >= 0) return;
    throw new ArtifactError(
      `layer '${layer}': expected weights of no more than ${bytes} bytes, as many as the file has, ` +
        `found that ${name} [${String(shape)}] in ${type} takes more; ` +
        'the topology is damaged or was edited, or a file of weights is missing',
    );
  };
  const counting = (addWeight: AddWeight): AddWeight =>
    function (this: layers.Layer, name, shape, dtype, _initializer, ...others) {
      count(this.name, name, shape, dtype ?? 'float32');
      // Zeros: the values come from the file, and other initializers take time and memory.
      const weight = addWeight.call(this, name, shape, dtype, initializers.zeros(), ...others);
      added(this, weight);
      return weight;
    };
  const running: Array<Promise<unknown>> = [];
  withAddWeight(counting, () => {
    // tidy: where tfjs throws between the zeros and the weight (for a bad name), the zeros would stay.
    tidy(() => {
      running.push(build());
    });
  });
  return running[0];
}
