import type {serialization, Tensor} from '@tensorflow/tfjs-core';
import {initializers, layers} from '@tensorflow/tfjs-layers';
import {ArtifactError, DataError} from '../errors.ts';
import {type Packing, partsOf} from '../numerics/packedMatrices.ts';
import type {LayerAdapter} from '../layers/adapter.ts';
import {ComputedForm} from './computedForm.ts';
import {checkPacking} from './checkPacking.ts';
import {type WrappedLayer, wrappedLayer} from './wrappedLayer.ts';

/** The arguments of a {@link Packed} layer: its JSON. */
export interface PackedArgs {
  readonly name?: string;
  readonly batchInputShape?: Array<number | null>;
  readonly dtype?: 'float32';
  /** The layer it stands for, as tfjs writes it. */
  readonly layer: WrappedLayer;
  readonly packing: Packing;
}

/**
 * A layer whose kernel stays packed: in files, in memory, and on a device that has kernels for it.
 *
 * Its weights are the arrays of a `Packing` in int32 and float32, and the bias of the layer it stands for. They are never moved by other ops.
 * Where the backend has no kernel of the op, the layer is decoded once to float32 ({@link route}).
 */
export class Packed extends layers.Layer {
  /** What tfjs says if it meets a packed model and does not know the class: the name tells what to do. */
  static readonly className = 'Packed (registerPacked() of tfjs-compress)';

  /** The layer it stands for, without weights: says its options and shapes. */
  readonly wrapped: layers.Layer;
  readonly adapter: LayerAdapter;
  readonly packing: Packing;
  private readonly form: ComputedForm;
  private readonly description: WrappedLayer;
  private kernelShape: readonly number[] = [];

  /** @throws ArtifactError for arguments that describe no packed layer */
  constructor({layer, packing, ...args}: PackedArgs) {
    super({...args, trainable: false});
    this.description = layer;
    ({layer: this.wrapped, adapter: this.adapter} = wrappedLayer(this.name, layer));
    this.packing = checkPacking(this.name, packing);
    this.supportsMasking = this.wrapped.supportsMasking;
    this.form = new ComputedForm(this);
  }

  /** How the active backend computes the layer: by a kernel that reads packed weights, or decoded to float32. */
  get route(): 'packed' | 'decoded' {
    return this.form.route;
  }

  /** Computes it decoded from now on, whatever the backend has. */
  useDecoded(): void {
    this.form.useDecoded();
  }

  override build(inputShape: number[]): void {
    const {problems, features, neurons} = this.packing;
    const kernel = this.adapter.kernelShape(this.wrapped, inputShape);
    const size = kernel.reduce((product, length) => product * length, 1);
    if (problems !== this.adapter.problems(kernel) || neurons !== this.adapter.neurons(kernel) || problems * features * neurons !== size) {
      throw new ArtifactError(
        `layer '${this.name}': expected packed weights of a kernel [${kernel.join(', ')}], found ${problems} × ${features} × ${neurons}; the file is damaged or was edited`);
    }
    for (const {name, dtype, length} of partsOf(this.packing)) this.addWeight(name, [length], dtype, initializers.zeros(), undefined, false);
    if (this.usesBias) this.addWeight('bias', [this.outputs], 'float32', initializers.zeros(), undefined, false);
    this.kernelShape = kernel;
    super.build(inputShape);
  }

  /** @throws DataError for an input of other features or channels than it was built for: kernels would read past its end */
  override call(inputs: Tensor | Tensor[]): Tensor {
    const input = Array.isArray(inputs) ? inputs[0] : inputs;
    this.requireFit(input);
    return this.form.compute(input);
  }

  /** What its kernel gives: the output before an activation that the kernel leaves to another op, and that could hide what is wrong. */
  callKernel(input: Tensor): Tensor {
    this.requireFit(input);
    return this.form.computeKernel(input);
  }

  private requireFit(input: Tensor): void {
    const needed = this.adapter.kernelShape(this.wrapped, input.shape);
    if (needed.join() !== this.kernelShape.join()) {
      throw new DataError(`layer '${this.name}': expected an input for a kernel [${this.kernelShape.join(', ')}], got [${input.shape.join(', ')}], which needs [${needed.join(', ')}]`);
    }
  }

  override computeOutputShape(inputShape: number[]): number[] {
    return this.wrapped.computeOutputShape(inputShape) as number[];
  }

  override getConfig(): serialization.ConfigDict {
    return {...super.getConfig(), layer: {...this.description}, packing: toConfig(this.packing)};
  }

  /** Whether the layer has a bias. */
  get usesBias(): boolean {
    return this.wrapped.getConfig()['useBias'] !== false;
  }

  private get outputs(): number {
    return this.packing.problems * this.packing.neurons;
  }

  protected override disposeWeights(): number {
    this.release();
    return super.disposeWeights();
  }

  /** Frees what was made of the weights for computing; the next call makes it anew. */
  release(): void {
    this.form.release();
  }
}

/** Plain data, in one order of keys. */
function toConfig({problems, features, neurons, kept, letters, zeros}: Packing): serialization.ConfigDict {
  return {
    problems, features, neurons, kept,
    ...(letters && {letters: {...letters}}),
    ...(zeros !== undefined && {zeros: typeof zeros === 'object' ? {...zeros} : zeros}),
  };
}
