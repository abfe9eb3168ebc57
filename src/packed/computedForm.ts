import {getBackend, type serialization, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {ArtifactError, BackendError} from '../errors.ts';
import {zeroInitialized} from '../graph/zeroInitialized.ts';
import {type PackedParts, partsOf, unpackedWeights, unpackMatrices, type UnpackedMatrices} from '../numerics/packedMatrices.ts';
import {hostValues} from '../ops/kernel.ts';
import {packedOperand} from '../ops/packedOperand.ts';
import {FUSED_ACTIVATIONS, type FusedActivation, hasPackedKernel} from '../ops/packedOps.ts';
import type {PackedRoute} from '../layers/adapter.ts';
import type {Packed} from './packed.ts';
import type {StoredKernel} from './storedWeights.ts';
import {layerOf} from './wrappedLayer.ts';

/** What a layer is called with besides its inputs: a mask, whether it trains. */
export type Kwargs = Readonly<Record<string, unknown>>;

/** What was made of a packed layer's weights to compute with, on one backend. */
interface Form {
  readonly route: 'packed' | 'decoded';
  /** What the layer gives. */
  compute(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[];
  /** The same before an activation that no packed kernel computes by itself. */
  computeKernel(input: Tensor): Tensor;
  dispose(): void;
}

/**
 * Keeps the form in which a packed layer is computed: made at its first call, and anew when its weights or the backend change.
 * The weights themselves stay as they are stored, on the host: no kernel ever reads them.
 */
export class ComputedForm {
  private current: {readonly form: Form; readonly made: readonly unknown[]} | undefined;
  private decodedOnly = false;

  constructor(private readonly layer: Packed) {}

  get route(): Form['route'] {
    return routeOf(this.layer, this.decodedOnly);
  }

  useDecoded(): void {
    this.decodedOnly = true;
    this.release();
  }

  compute(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[] {
    const form = this.formFor([inputs].flat()[0]);
    return tidy(() => form.compute(inputs, kwargs));
  }

  computeKernel(input: Tensor): Tensor {
    const form = this.formFor(input);
    return tidy(() => form.computeKernel(input));
  }

  private formFor(input: Tensor): Form {
    const made = [getBackend(), ...this.layer.weights.map((weight) => weight.read().dataId)];
    if (this.current?.made.length !== made.length || made.some((part, i) => part !== this.current?.made[i])) {
      this.release();
      this.current = {form: formOf(this.layer, this.route, input.shape), made};
    }
    return this.current.form;
  }

  release(): void {
    this.current?.form.dispose();
    this.current = undefined;
  }
}

function routeOf({adapter, packings, name}: Packed, decodedOnly: boolean): Form['route'] {
  const {packed} = adapter;
  if (decodedOnly || !packed || packings.some((packing) => !packing?.letters)) return 'decoded';
  if (hasPackedKernel(packed.op)) return 'packed';
  if (getBackend() === 'webgpu') {
    throw new BackendError(`layer '${name}': expected a kernel of ${packed.op} on backend 'webgpu', found none; import 'tfjs-compress/plugins/webgpu'`);
  }
  return 'decoded';
}

function formOf(layer: Packed, route: Form['route'], inputShape: readonly number[]): Form {
  const {adapter: {packed}} = layer;
  return route === 'packed' && packed ? packedForm(layer, packed) : decodedForm(layer, inputShape);
}

/**
 * The matrices of a packed kernel, checked.
 * @param tensors the arrays of its packing
 * @throws ArtifactError that names the layer and the array that is not what the packing says
 */
export function matricesOf(layer: string, {packing}: StoredKernel, tensors: readonly Tensor[]): UnpackedMatrices {
  const parts: PackedParts = Object.fromEntries(partsOf(packing).map((part, i) => [part.name, hostValues(tensors[i])]));
  try {
    return unpackMatrices(packing, parts);
  } catch (cause) {
    throw new ArtifactError(`layer '${layer}', ${cause instanceof Error ? cause.message : String(cause)}; the file is damaged or was edited`, {cause});
  }
}

/** Of a layer with one kernel and at most a bias. */
function packedForm(layer: Packed, {run}: PackedRoute): Form {
  const {name, wrapped, storage: [{stored, tensors}, ...others]} = layer;
  if (!stored.kernel) throw new Error(`layer '${name}': its kernel is not packed`);
  const operand = packedOperand(stored.packing, matricesOf(name, stored, tensors));
  const fused = fusedActivation(layer);
  const bias = others.at(0)?.tensors[0]; // made anew with the form whenever it is another tensor
  const computeKernel = (input: Tensor): Tensor => run(wrapped, input, operand, {bias, activation: fused ?? 'linear'});
  return {
    route: 'packed',
    compute: (inputs) => {
      const output = computeKernel([inputs].flat()[0]);
      return fused ? output : activationOf(wrapped)(output);
    },
    computeKernel,
    dispose: () => { operand.dispose(); },
  };
}

/** The layer that a packed one stands for, decoded: tfjs's own, with float32 weights. */
function decodedForm(layer: Packed, inputShape: readonly number[]): Form {
  const decoded = decodedLayer(layer, inputShape);
  return {
    route: 'decoded',
    // Not `call`: a recurrent layer takes states that are given as inputs apart there.
    compute(inputs, kwargs) {
      const outputs = decoded.apply(inputs, {...kwargs}) as Tensor | Tensor[];
      layer.adapter.release?.(decoded);
      return outputs;
    },
    computeKernel: (input) => decoded.apply(input, {}) as Tensor,
    dispose: () => { decoded.weights.forEach((weight) => { weight.dispose(); }); },
  };
}

/** What `computeKernel` of a packed layer is to give: the decoded layer, with the activation of its kernel. */
export function decodedKernel(layer: Packed, inputShape: readonly number[]): layers.Layer {
  return decodedLayer(layer, inputShape, {activation: fusedActivation(layer) ?? 'linear'});
}

/**
 * A layer of the wrapped type with the weights that the stored ones stand for.
 * Whoever asks for it disposes of its weights.
 * @param changes entries of its configuration that shall be others
 */
export function decodedLayer(layer: Packed, inputShape: readonly number[], changes: serialization.ConfigDict = {}): layers.Layer {
  const {wrapped, name, storage} = layer;
  const decoded = layerOf(wrapped.getClassName(), {...wrapped.getConfig(), ...changes});
  zeroInitialized(() => { decoded.build([...inputShape]); });
  decoded.built = true;
  tidy(() => { decoded.setWeights(storage.map(({stored, tensors}) => (stored.kernel ? decodedWeight(name, stored, tensors) : tensors[0]))); });
  return decoded;
}

function decodedWeight(layer: string, stored: StoredKernel, tensors: readonly Tensor[]): Tensor {
  const {kernel, packing, spec: {shape}} = stored;
  return tensor(kernel.fromMatrices(unpackedWeights(packing, matricesOf(layer, stored, tensors)), shape), [...shape]);
}

/** The activation of a layer, if packed kernels compute it. */
function fusedActivation({wrapped}: Packed): FusedActivation | undefined {
  const named = wrapped.getConfig()['activation'] ?? 'linear';
  return FUSED_ACTIVATIONS.find((activation) => activation === named);
}

/** An activation is an object with a function `apply`; tfjs's types do not say so. */
function activationOf(layer: layers.Layer): (x: Tensor) => Tensor {
  const activation = Reflect.get(layer, 'activation') as {apply(x: Tensor): Tensor};
  return (x) => activation.apply(x);
}
