import type {serialization, Tensor} from '@tensorflow/tfjs-core';
import {initializers, layers, type Shape} from '@tensorflow/tfjs-layers';
import {DataError} from '../errors.ts';
import type {LayerAdapter, WeightSpec} from '../layers/adapter/layerAdapter.ts';
import type {OwnLayer} from '../layers/adapter/ownLayer.ts';
import type {Packing} from '../numerics/coding/packedMatrices.ts';
import type {Kwargs} from '../tfjsInternals.ts';
import {checkPackings} from './checkPacking.ts';
import {PackedExecution, type PackedLayer} from './packedExecution.ts';
import {arraysOf, type StoredWeight, storedWeights} from './storedWeights.ts';
import {createWrappedLayer, type WrappedLayerConfig} from './wrappedLayer.ts';

/** The arguments of a {@link Packed} layer: its JSON. */
export interface PackedArgs {
  readonly name?: string;
  readonly batchInputShape?: Array<number | null>;
  readonly dtype?: 'float32';
  /** The layer it stands for, as tfjs writes it. */
  readonly layer: WrappedLayerConfig;
  /** One for each of its kernels, null for those that stay float32. */
  readonly packings: ReadonlyArray<Packing | null>;
}

/**
 * A layer whose kernels stay packed: in files, in memory, and on a device that computes with them so.
 *
 * Its weights are those of the layer it stands for, kernels as the arrays of a `Packing` in int32 and float32. They are never moved by other ops.
 * Where the backend has no kernel of the op, the layer is decoded once to float32 ({@link route}).
 */
export class Packed extends layers.Layer implements OwnLayer {
  /** What tfjs says if it meets a packed model and does not know the class: the name tells what to do. */
  static readonly className = 'Packed (registerPacked() of tfjs-compress)';

  /** The layer it stands for, without weights: says its options and shapes. */
  readonly wrapped: layers.Layer;
  readonly adapter: LayerAdapter;
  /** By kernel; undefined for those that stay float32. */
  readonly packings: ReadonlyArray<Packing | undefined>;
  private readonly form: PackedExecution;
  private readonly description: WrappedLayerConfig;
  private stored: readonly StoredWeight[] = [];

  /** @throws ArtifactError for arguments that describe no packed layer */
  constructor({layer, packings, ...args}: PackedArgs) {
    super({...args, trainable: false});
    this.description = layer;
    ({layer: this.wrapped, adapter: this.adapter} = createWrappedLayer(this.name, layer));
    this.packings = checkPackings(this.name, packings, this.adapter.kernels(this.wrapped).length);
    this.supportsMasking = this.wrapped.supportsMasking;
    this.form = new PackedExecution(this);
  }

  /** How the active backend computes the layer: by a kernel that reads packed weights, or decoded to float32. */
  get route(): 'packed' | 'decoded' {
    return this.form.route;
  }

  /** Computes it decoded from now on, whatever the backend has. */
  useDecoded(): void {
    this.form.useDecoded();
  }

  override build(inputShape: number[] | number[][]): void {
    this.stored = storedWeights(
      this.name,
      this.specsFor(firstOf(inputShape)),
      this.adapter.kernels(this.wrapped),
      this.packings,
    );
    for (const {name, dtype, shape} of this.stored.flatMap(arraysOf))
      this.addWeight(name, [...shape], dtype, initializers.zeros(), undefined, false);
    super.build(inputShape);
  }

  /** How each weight of the layer it stands for is stored, and the tensors that it is stored as. */
  get storage(): PackedLayer['storage'] {
    let from = 0;
    return this.stored.map((stored) => ({
      stored,
      tensors: this.weights.slice(from, (from += arraysOf(stored).length)).map((weight) => weight.read()),
    }));
  }

  /** @throws DataError for an input of other features or channels than it was built for: kernels would read past its end */
  override call(inputs: Tensor | Tensor[], kwargs: Kwargs = {}): Tensor | Tensor[] {
    const given = [inputs].flat();
    this.requireFit(given[0]);
    const outputs = this.form.compute(given, kwargs);
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  /** What its kernel gives: the output before an activation that the kernel leaves to another op, and that could hide what is wrong. */
  callKernel(inputs: readonly Tensor[]): Tensor[] {
    this.requireFit(inputs[0]);
    return this.form.computeKernel(inputs);
  }

  private requireFit({shape}: Tensor): void {
    const needed = this.specsFor(shape);
    const other = this.stored.find(({spec}, i) => spec.shape.join() !== needed[i].shape.join());
    if (!other) return;
    const {spec} = other;
    throw new DataError(
      `layer '${this.name}': expected an input for a ${spec.name} [${spec.shape.join(', ')}], got [${shape.join(', ')}], which needs [${needed[this.stored.indexOf(other)].shape.join(', ')}]`,
    );
  }

  private specsFor(inputShape: readonly number[]): WeightSpec[] {
    return this.adapter.weights(this.wrapped, inputShape);
  }

  override computeOutputShape(inputShape: number[]): Shape | Shape[] {
    return this.adapter.outputShape?.(this.wrapped, inputShape) ?? this.wrapped.computeOutputShape(inputShape);
  }

  override computeMask(inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor | Tensor[] {
    return this.wrapped.computeMask(inputs, mask);
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      layer: {...this.description},
      packings: this.packings.map((packing) => (packing ? toConfig(packing) : null)),
    };
  }

  protected override disposeWeights(): number {
    this.releaseDerived();
    return super.disposeWeights();
  }

  /** Frees what was made of the weights for computing; the next call makes it anew. */
  releaseDerived(): void {
    this.form.release();
  }
}

function firstOf(shape: number[] | number[][]): number[] {
  return isListOfShapes(shape) ? shape[0] : shape;
}

function isListOfShapes(shape: number[] | number[][]): shape is number[][] {
  return Array.isArray(shape[0]);
}

/** Plain data, in one order of keys. */
function toConfig({problems, features, neurons, kept, letters, zeros}: Packing): serialization.ConfigDict {
  return {
    problems,
    features,
    neurons,
    kept,
    ...(letters && {letters: {...letters}}),
    ...(zeros !== undefined && {zeros: typeof zeros === 'object' ? {...zeros} : zeros}),
  };
}
