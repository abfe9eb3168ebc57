import type {io} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {collectArtifacts} from '../../artifacts/collectArtifacts.ts';
import {joinWeights, splitWeights, type WeightEntry} from '../../artifacts/weightEntries.ts';
import {ModelError} from '../../errors.ts';
import type {StoredForm} from './storedForm.ts';

type Variable = layers.Layer['weights'][number];

/**
 * The artifacts that `model.save` would write, in memory, with weights that can be replaced. The model is only read.
 */
export class StockArtifacts {
  private constructor(
    private readonly saved: io.ModelArtifacts,
    private readonly entries: Map<Variable, WeightEntry>,
  ) {}

  static async of(model: LayersModel): Promise<StockArtifacts> {
    const saved = await collectArtifacts(model);
    return new StockArtifacts(saved, entriesOf(model, saved));
  }

  /** A copy of a layer's weight; `weight` is its index in `layer.weights`. */
  floats(layer: layers.Layer, weight: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.entry(layer.weights[weight]).bytes.slice().buffer);
  }

  /** Replaces the float32 numbers of a weight. */
  putFloats(layer: layers.Layer, weight: number, values: Float32Array): void {
    this.put(layer.weights[weight], new Uint8Array(Float32Array.from(values).buffer));
  }

  /** Replaces the form of a weight. */
  putForm(layer: layers.Layer, weight: number, {dtype, affine, bytes}: StoredForm): void {
    this.put(layer.weights[weight], bytes, {dtype, ...affine});
  }

  /** The artifacts as they are now. */
  toArtifacts(): io.ModelArtifacts & {readonly weightData: ArrayBuffer} {
    return {...this.saved, ...joinWeights([...this.entries.values()])};
  }

  private entry(variable: Variable): WeightEntry {
    const entry = this.entries.get(variable);
    if (entry?.spec.dtype !== 'float32')
      throw new ModelError(
        `exportStock: expected float32 weights '${variable.originalName}', found ${entry?.spec.dtype ?? 'none'}`,
      );
    return entry;
  }

  private put(
    variable: Variable,
    bytes: Uint8Array<ArrayBuffer>,
    quantization?: io.WeightsManifestEntry['quantization'],
  ): void {
    const {spec} = this.entry(variable);
    this.entries.set(variable, {spec: {...spec, ...(quantization && {quantization})}, bytes});
  }
}

/** tfjs writes weights in the order of `model.weights`; their names need not be unique. */
function entriesOf(model: LayersModel, saved: io.ModelArtifacts): Map<Variable, WeightEntry> {
  return new Map(splitWeights(saved).map((entry, i) => [model.weights[i], entry]));
}
