import type {serialization, Tensor} from '@tensorflow/tfjs-core';
import {initializers, layers, type Shape} from '@tensorflow/tfjs-layers';
import {DataError} from '../errors.ts';
import type {LayerAdapter, WeightSpec} from '../layers/adapter/layerAdapter.ts';
import type {OwnLayer} from '../layers/adapter/ownLayer.ts';
import type {Packing} from '../numerics/coding/packing.ts';
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
  /** The layer that it stands for, as tfjs writes it. */
  readonly layer: WrappedLayerConfig;
  /** One for each kernel, null for those that stay float32. */
  readonly packings: ReadonlyArray<Packing | null>;
}

/**
 * A layer whose kernels stay packed: in files, in memory, and on a device that has ops for packed kernels.
 *
 * Its weights are those of the layer that it stands for, with each kernel as the arrays of a `Packing` in int32 and
 * float32. No op reads them: they stay on the host. Where the backend has no kernel of the op, the layer is decoded
 * once to float32 ({@link route}).
 */
export class Packed extends layers.Layer implements OwnLayer {
  /** tfjs names an unregistered class in its error message, so that this name tells what to do. */
  static readonly className = 'Packed (registerPacked() of tfjs-compress)';

  /** The layer that it stands for, without weights: it holds the options. */
  readonly wrapped: layers.Layer;
  readonly adapter: LayerAdapter;
  /** By kernel; undefined for those that stay float32. */
  readonly packings: ReadonlyArray<Packing | undefined>;
  private readonly execution: PackedExecution;
  private readonly description: WrappedLayerConfig;
  private stored: readonly StoredWeight[] = [];

  /** @throws ArtifactError for arguments that describe no packed layer */
  constructor({layer, packings, ...args}: PackedArgs) {
    super({...args, trainable: false});
    this.description = layer;
    ({layer: this.wrapped, adapter: this.adapter} = createWrappedLayer(this.name, layer));
    this.packings = checkPackings(this.name, packings, this.adapter.kernels(this.wrapped).length);
    this.supportsMasking = this.wrapped.supportsMasking;
    this.execution = new PackedExecution(this);
  }

  /** How the active backend computes the layer: by a kernel that reads packed weights, or decoded to float32. */
  get route(): 'packed' | 'decoded' {
    return this.execution.route;
  }

  /** Computes it decoded from now on, on every backend. */
  useDecoded(): void {
    this.execution.useDecoded();
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

  /** How each weight of the layer that it stands for is stored, and as which tensors. */
  get storage(): PackedLayer['storage'] {
    let from = 0;
    return this.stored.map((stored) => ({
      stored,
      tensors: this.weights.slice(from, (from += arraysOf(stored).length)).map((weight) => weight.read()),
    }));
  }

  /** @throws DataError for other features or channels than it was built for: kernels would read past the input's end */
  override call(inputs: Tensor | Tensor[], kwargs: Kwargs = {}): Tensor | Tensor[] {
    const given = [inputs].flat();
    this.requireFit(given[0]);
    const outputs = this.execution.compute(given, kwargs);
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  /** The output before an activation that the kernel leaves to another op, which could hide errors. */
  callKernel(inputs: readonly Tensor[]): Tensor[] {
    this.requireFit(inputs[0]);
    return this.execution.computeKernel(inputs);
  }

  private requireFit({shape}: Tensor): void {
    const needed = this.specsFor(shape);
    const other = this.stored.find(({spec}, i) => spec.shape.join() !== needed[i].shape.join());
    if (!other) return;
    const {spec} = other;
    throw new DataError(
      `layer '${this.name}': expected an input for a ${spec.name} [${spec.shape.join(', ')}], ` +
        `got [${shape.join(', ')}], which needs [${needed[this.stored.indexOf(other)].shape.join(', ')}]`,
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

  /** Frees what was derived from the weights for computing; the next call derives it again. */
  releaseDerived(): void {
    this.execution.release();
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
