import {getBackend, type serialization, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {ArtifactError, BackendError} from '../errors.ts';
import {type PackedParts, partsOf, unpackedWeights, unpackMatrices, type UnpackedMatrices} from '../numerics/packedMatrices.ts';
import {hostValues} from '../ops/kernel.ts';
import {packedOperand, type PackedOperand} from '../ops/packedOperand.ts';
import {FUSED_ACTIVATIONS, type FusedActivation, hasPackedKernel} from '../ops/packedOps.ts';
import type {Packed} from './packed.ts';
import {layerOf} from './wrappedLayer.ts';

/** What was made of a packed layer's weights to compute with, on one backend. */
interface Form {
  readonly route: 'packed' | 'decoded';
  /** What the layer gives. */
  compute(input: Tensor): Tensor;
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

  compute(input: Tensor): Tensor {
    const form = this.formFor(input);
    return tidy(() => form.compute(input));
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

function routeOf({adapter, packing, name}: Packed, decodedOnly: boolean): Form['route'] {
  if (decodedOnly || !packing.letters) return 'decoded';
  if (hasPackedKernel(adapter.packedOp)) return 'packed';
  if (getBackend() === 'webgpu') {
    throw new BackendError(`layer '${name}': expected a kernel of ${adapter.packedOp} on backend 'webgpu', found none; import 'tfjs-compress/plugins/webgpu'`);
  }
  return 'decoded';
}

function formOf(layer: Packed, route: Form['route'], inputShape: readonly number[]): Form {
  const matrices = matricesOf(layer);
  return route === 'packed' ? packedForm(layer, packedOperand(layer.packing, matrices)) : decodedForm(layer, matrices, inputShape);
}

/**
 * The matrices of a packed layer, checked.
 * @throws ArtifactError that names the layer and the array that is not what the packing says
 */
export function matricesOf(layer: Packed): UnpackedMatrices {
  const {name, packing, weights} = layer;
  const parts: PackedParts = Object.fromEntries(partsOf(packing).map((part, i) => [part.name, hostValues(weights[i].read())]));
  try {
    return unpackMatrices(packing, parts);
  } catch (cause) {
    throw new ArtifactError(`layer '${name}', ${cause instanceof Error ? cause.message : String(cause)}; the file is damaged or was edited`, {cause});
  }
}

function packedForm(layer: Packed, operand: PackedOperand): Form {
  const {adapter, wrapped} = layer;
  const fused = fusedActivation(layer);
  const computeKernel = (input: Tensor): Tensor => adapter.runPacked(wrapped, input, operand, {bias: biasOf(layer), activation: fused ?? 'linear'});
  return {
    route: 'packed',
    compute: fused ? computeKernel : (input) => activationOf(wrapped)(computeKernel(input)),
    computeKernel,
    dispose: () => { operand.dispose(); },
  };
}

/** The layer that a packed one stands for, decoded: tfjs's own, with float32 weights. */
function decodedForm(layer: Packed, matrices: UnpackedMatrices, inputShape: readonly number[]): Form {
  const decoded = decodedLayer(layer, matrices, inputShape);
  return {
    route: 'decoded',
    compute: (input) => decoded.call(input, {}) as Tensor,
    computeKernel: (input) => decoded.call(input, {}) as Tensor,
    dispose: () => { decoded.weights.forEach((weight) => { weight.dispose(); }); },
  };
}

/** What `computeKernel` of a packed layer is to give: the decoded layer, with the activation of its kernel. */
export function decodedKernel(layer: Packed, matrices: UnpackedMatrices, inputShape: readonly number[]): layers.Layer {
  return decodedLayer(layer, matrices, inputShape, {activation: fusedActivation(layer) ?? 'linear'});
}

/**
 * A layer of the wrapped type with the weights that the packed ones stand for.
 * Whoever asks for it disposes of its weights.
 * @param changes entries of its configuration that shall be others
 */
export function decodedLayer(layer: Packed, matrices: UnpackedMatrices, inputShape: readonly number[], changes: serialization.ConfigDict = {}): layers.Layer {
  const {adapter, wrapped, packing} = layer;
  const decoded = layerOf(wrapped.getClassName(), {...wrapped.getConfig(), ...changes});
  decoded.setFastWeightInitDuringBuild(true);
  decoded.build([...inputShape]);
  const shape = adapter.kernelShape(wrapped, inputShape);
  tidy(() => {
    const kernel = tensor(adapter.fromMatrices(unpackedWeights(packing, matrices), shape), shape);
    const bias = biasOf(layer);
    decoded.setWeights(bias ? [kernel, bias] : [kernel]);
  });
  return decoded;
}

function biasOf(layer: Packed): Tensor | undefined {
  return layer.usesBias ? layer.weights[layer.weights.length - 1].read() : undefined;
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
