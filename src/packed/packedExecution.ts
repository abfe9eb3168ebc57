import {getBackend, type serialization, type Tensor, tensor, tidy} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {BackendError, damagedFile, messageOf} from '../errors.ts';
import {fusedActivation} from '../layers/adapter/activation.ts';
import type {LayerAdapter} from '../layers/adapter/layerAdapter.ts';
import type {PackedRoute, PackedWeights} from '../layers/adapter/packedRoute.ts';
import {withZeroInitialization} from '../model/patchAddWeight.ts';
import {type PackedParts, type Packing, partsOf, type UnpackedMatrices} from '../numerics/coding/packing.ts';
import {splitProblems, unpackMatrices} from '../numerics/coding/unpackMatrices.ts';
import {unpackWeights} from '../numerics/coding/unpackWeights.ts';
import {hostValues} from '../ops/kernel.ts';
import {type PackedOperand, packedOperand} from '../ops/packed/packedOperand.ts';
import {type FusedActivation, hasPackedKernel} from '../ops/packed/packedOps.ts';
import {activationOf, applyLayer, createLayer, type Kwargs} from '../tfjsInternals.ts';
import type {StoredKernel, StoredWeight} from './storedWeights.ts';

/** What the execution needs to know of a packed layer. */
export interface PackedLayer {
  readonly name: string;
  /** The layer that it stands for, without weights. */
  readonly wrapped: layers.Layer;
  readonly adapter: LayerAdapter;
  readonly weights: ReadonlyArray<{read(): Tensor}>;
  /** By kernel; undefined for those that stay float32. */
  readonly packings: ReadonlyArray<Packing | undefined>;
  /** How each weight is stored, and as which tensors. */
  readonly storage: ReadonlyArray<{readonly stored: StoredWeight; readonly tensors: readonly Tensor[]}>;
}

/** A packed layer ready to compute on one backend, with what was derived from its weights. */
interface Form {
  readonly route: 'packed' | 'decoded';
  /** The layer's outputs. */
  compute(inputs: readonly Tensor[], kwargs: Kwargs): Tensor[];
  /** The same before an activation that is left to another op. */
  computeKernel(inputs: readonly Tensor[]): Tensor[];
  dispose(): void;
}

/**
 * Keeps the form in which a packed layer is computed, from its first call until its weights or the backend change.
 * The weights themselves stay as they are stored, on the host: no kernel ever reads them.
 */
export class PackedExecution {
  private current: {readonly form: Form; readonly made: readonly unknown[]} | undefined;
  private decodedOnly = false;

  constructor(private readonly layer: PackedLayer) {}

  get route(): Form['route'] {
    return routeOf(this.layer, this.decodedOnly);
  }

  useDecoded(): void {
    this.decodedOnly = true;
    this.release();
  }

  compute(inputs: readonly Tensor[], kwargs: Kwargs): Tensor[] {
    const form = this.formFor(inputs[0]);
    return tidy(() => form.compute(inputs, kwargs));
  }

  computeKernel(inputs: readonly Tensor[]): Tensor[] {
    const form = this.formFor(inputs[0]);
    return tidy(() => form.computeKernel(inputs));
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

function packedRoute({adapter, wrapped}: PackedLayer): PackedRoute | undefined {
  return adapter.packed?.(wrapped);
}

function routeOf(layer: PackedLayer, decodedOnly: boolean): Form['route'] {
  const {packings, name} = layer;
  const packed = packedRoute(layer);
  if (decodedOnly || !packed || packings.some((packing) => !packing?.letters)) return 'decoded';
  const missing = packed.ops.find((op) => !hasPackedKernel(op));
  if (missing === undefined) return 'packed';
  if (getBackend() === 'webgpu') {
    throw new BackendError(
      `layer '${name}': expected a kernel of ${missing} on backend 'webgpu', found none; ` +
        `import 'tfjs-compress/plugins/webgpu'`,
    );
  }
  return 'decoded';
}

function formOf(layer: PackedLayer, route: Form['route'], inputShape: readonly number[]): Form {
  const packed = packedRoute(layer);
  return route === 'packed' && packed ? createPackedForm(layer, packed) : createDecodedForm(layer, inputShape);
}

/**
 * Unpacks and checks the matrices of a packed kernel.
 * @param tensors the arrays of its packing
 * @throws ArtifactError that names the layer and an array that does not fit the packing
 */
export function matricesOf(layer: string, {packing}: StoredKernel, tensors: readonly Tensor[]): UnpackedMatrices {
  const parts: PackedParts = Object.fromEntries(partsOf(packing).map((part, i) => [part.name, hostValues(tensors[i])]));
  try {
    return unpackMatrices(packing, parts);
  } catch (cause) {
    throw damagedFile(`layer '${layer}', ${messageOf(cause)}`, {cause});
  }
}

function createPackedForm(layer: PackedLayer, route: PackedRoute): Form {
  const {wrapped} = layer;
  const operands: PackedOperand[] = [];
  const fused = fusedActivation(wrapped);
  const run = route.prepare(instantiateLayer(layer), packedWeights(layer, fused ?? 'linear', operands));
  const left = route.endsWithActivation && !fused;
  return {
    route: 'packed',
    compute(inputs, kwargs) {
      const outputs = [run(inputs, kwargs)].flat();
      return left ? [activationOf(wrapped)(outputs[0])] : outputs;
    },
    computeKernel: (inputs) => [run(inputs, {})].flat(),
    dispose: () => {
      operands.forEach((operand) => {
        operand.dispose();
      });
    },
  };
}

/** @param made receives the operands that are made, to be freed */
function packedWeights(
  {name, storage}: PackedLayer,
  activation: FusedActivation,
  made: PackedOperand[],
): PackedWeights {
  const operandsOf = (
    index: number,
    split: (packing: Packing, matrices: UnpackedMatrices) => Array<readonly [Packing, UnpackedMatrices]>,
  ): PackedOperand[] => {
    const {stored, tensors} = storage[index];
    if (!stored.kernel) throw new Error(`layer '${name}': expected weight ${index} to be a packed kernel`);
    const operands = split(stored.packing, matricesOf(name, stored, tensors)).map(([packing, matrices]) =>
      packedOperand(packing, matrices),
    );
    made.push(...operands);
    return operands;
  };
  return {
    operand: (index) => operandsOf(index, (packing, matrices) => [[packing, matrices]])[0],
    operandsByProblem: (index) => operandsOf(index, splitProblems),
    plain: (index) => storage.at(index)?.tensors[0], // the form is made again when the tensor changes
    activation,
  };
}

/** The layer that a packed one stands for, decoded: tfjs's own, with float32 weights. */
function createDecodedForm(layer: PackedLayer, inputShape: readonly number[]): Form {
  const decoded = decodeLayer(layer, inputShape);
  return {
    route: 'decoded',
    // `apply`, not `call`: only there does a recurrent layer separate initial states from its input.
    compute(inputs, kwargs) {
      const outputs = applyLayer(decoded, inputs, kwargs);
      layer.adapter.release?.(decoded);
      return outputs;
    },
    computeKernel: (inputs) => applyLayer(decoded, inputs),
    dispose: () => {
      decoded.weights.forEach((weight) => {
        weight.dispose();
      });
    },
  };
}

/** The decoded layer with the activation of its kernel: what `computeKernel` of a packed layer has to compute. */
export function decodeKernel(layer: PackedLayer, inputShape: readonly number[]): layers.Layer {
  return decodeLayer(
    layer,
    inputShape,
    packedRoute(layer)?.endsWithActivation ? {activation: fusedActivation(layer.wrapped) ?? 'linear'} : {},
  );
}

/**
 * A layer of the wrapped type with the decoded weights, which the caller disposes of.
 * @param changes entries of its configuration to replace
 */
export function decodeLayer(
  layer: PackedLayer,
  inputShape: readonly number[],
  changes: serialization.ConfigDict = {},
): layers.Layer {
  const {name, storage} = layer;
  const decoded = instantiateLayer(layer, changes);
  withZeroInitialization(() => {
    decoded.build([null, ...inputShape.slice(1)]);
  }); // for batches of any size
  decoded.built = true;
  tidy(() => {
    decoded.setWeights(
      storage.map(({stored, tensors}) => (stored.kernel ? decodeWeight(name, stored, tensors) : tensors[0])),
    );
  });
  return decoded;
}

/** Another layer of the wrapped type, without weights. */
function instantiateLayer({wrapped}: PackedLayer, changes: serialization.ConfigDict = {}): layers.Layer {
  return createLayer(wrapped.getClassName(), {...wrapped.getConfig(), ...changes});
}

function decodeWeight(layer: string, stored: StoredKernel, tensors: readonly Tensor[]): Tensor {
  const {
    kernel,
    packing,
    spec: {shape},
  } = stored;
  return tensor(kernel.fromMatrices(unpackWeights(packing, matricesOf(layer, stored, tensors)), shape), [...shape]);
}
