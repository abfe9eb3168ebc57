import {dispose, type Tensor, tidy} from '@tensorflow/tfjs-core';
import {adapterFor} from '../layers/registry.ts';
import type {CallList, LayerCall} from '../model/callList.ts';
import type {NetworkPair} from '../model/networkPair.ts';
import {applyLayer, computeMask} from '../tfjsInternals.ts';
import {InheritedMasks} from './inheritedMasks.ts';

/** The inputs of a call in one of the networks. */
export interface CallInputs {
  readonly tensors: readonly Tensor[];
  /** The mask of its first input, `[batch, time]`: 0 for masked time steps. */
  readonly mask: Tensor | undefined;
  /** The mask that the layer is called with: its input's, or one that tfjs propagates ({@link InheritedMasks}). */
  readonly inheritedMask: Tensor | undefined;
}

/**
 * The live activations of one batch in both networks, just before a call. While the networks agree on a value, the
 * shadow has no tensor of its own for it.
 */
export class Activations {
  private readonly original = new Map<number, Tensor>();
  private readonly shadow = new Map<number, Tensor>();
  private readonly masks = new Map<number, Tensor>();

  private constructor(
    private readonly networks: NetworkPair,
    private readonly lastUses: readonly number[],
    private call: number,
    private readonly inherited: InheritedMasks,
  ) {}

  /** The activations before the first call. They take over the tensors. */
  static ofInputs(networks: NetworkPair, lastUses: readonly number[], inputs: readonly Tensor[]): Activations {
    const start = new Activations(networks, lastUses, 0, InheritedMasks.of(networks.original));
    networks.original.inputs.forEach((value, i) => start.original.set(value, inputs[i]));
    return start;
  }

  /** Bytes of all tensors held. */
  get bytes(): number {
    const held = [this.original, this.shadow, this.masks].flatMap((one) => [...one.values()]);
    return [...held, ...this.inherited.tensors].reduce((sum, tensor) => sum + 4 * tensor.size, 0);
  }

  /** A copy that shares the data of the tensors by reference counts. */
  fork(): Activations {
    const copy = new Activations(this.networks, this.lastUses, this.call, this.inherited.fork());
    this.original.forEach((tensor, value) => copy.original.set(value, tensor.clone()));
    this.shadow.forEach((tensor, value) => copy.shadow.set(value, tensor.clone()));
    this.masks.forEach((tensor, value) => copy.masks.set(value, tensor.clone()));
    return copy;
  }

  /** A value in the original network. */
  private inOriginal(value: number): Tensor {
    return requireHeld(this.original, value);
  }

  /** The same value in the shadow: the same tensor while the networks agree. */
  private inShadow(value: number): Tensor {
    return this.shadow.get(value) ?? requireHeld(this.original, value);
  }

  /** The inputs of a call in both networks: the same object while they agree. The tensors stay owned by this. */
  inputsOf(call: number): {readonly original: CallInputs; readonly shadow: CallInputs} {
    const taken = this.networks.original.calls[call];
    const masks = {mask: this.masks.get(taken.inputs[0]), inheritedMask: this.inheritedMask(call)};
    const original = {tensors: taken.inputs.map((value) => this.inOriginal(value)), ...masks};
    const agrees = taken.inputs.every((value) => !this.shadow.has(value));
    return {
      original,
      shadow: agrees ? original : {tensors: taken.inputs.map((value) => this.inShadow(value)), ...masks},
    };
  }

  /** Runs the calls up to, not including, call `end`. */
  advance(end: number): void {
    for (; this.call < end; this.call++) this.run(this.call);
  }

  dispose(): void {
    for (const held of [this.original, this.shadow, this.masks]) {
      dispose([...held.values()]);
      held.clear();
    }
    this.inherited.dispose();
  }

  private run(index: number): void {
    const call = this.networks.original.calls[index];
    const counterpart = this.networks.shadow.calls[index];
    const diverged = this.networks.hasChanged(counterpart.layer) || call.inputs.some((value) => this.shadow.has(value));
    const mask = this.inheritedMask(index);
    const outputs = runCall(
      call,
      call.inputs.map((value) => this.inOriginal(value)),
      mask,
    );
    const shadowOutputs = diverged
      ? runCall(
          counterpart,
          call.inputs.map((value) => this.inShadow(value)),
          mask,
        )
      : [];
    if (this.isMasked(call)) this.inherited.add(index, mask);
    this.passMask(call);
    call.outputs.forEach((value, i) => {
      this.original.set(value, outputs[i]);
      if (diverged) this.shadow.set(value, shadowOutputs[i]);
    });
    this.release(index);
  }

  private inheritedMask(index: number): Tensor | undefined {
    const call = this.networks.original.calls[index];
    return this.isMasked(call) ? this.masks.get(call.inputs[0]) : this.inherited.at(index);
  }

  private isMasked({inputs}: LayerCall): boolean {
    return inputs.some((value) => this.masks.has(value));
  }

  /** Masks depend on inputs only, so both networks share them. */
  private passMask({layer, inputs, outputs}: LayerCall): void {
    if (!layer.supportsMasking) return;
    const masks = inputs.map((value) => this.masks.get(value));
    const values = inputs.map((value) => this.inOriginal(value));
    const [mask] = tidy(() => {
      const next = computeMask(layer, values, masks);
      return next ? [next.clone()] : [];
    });
    // As in tfjs: the states that a layer returns have the mask of its output.
    if (mask) outputs.forEach((value, i) => this.masks.set(value, i === 0 ? mask : mask.clone()));
  }

  private release(index: number): void {
    for (const held of [this.original, this.shadow, this.masks]) {
      for (const [value, tensor] of held) {
        if (this.lastUses[value] > index) continue;
        tensor.dispose();
        held.delete(value);
      }
    }
    if (index === this.networks.original.calls.length - 1) this.inherited.dispose();
  }
}

/** For every value, the last call that consumes it; −1 for values without consumers. */
export function lastUsesOf({calls, inputs}: CallList): number[] {
  const count = Math.max(...inputs, ...calls.flatMap((call) => call.outputs)) + 1;
  const last = new Array<number>(count).fill(-1);
  calls.forEach((call, index) => {
    for (const value of call.inputs) last[value] = index;
  });
  return last;
}

/** Runs one layer as the executor of tfjs does: without the call arguments with which the model was built. */
function runCall({layer}: LayerCall, inputs: Tensor[], mask: Tensor | undefined): Tensor[] {
  const run = (): Tensor[] =>
    tidy(() => {
      const outputs = applyLayer(layer, inputs, {training: false, ...(mask ? {mask} : {})});
      // Every value is freed on its own, but an LSTM returns its last output and its last state as one tensor.
      return outputs.map((output, i, all) => (all.indexOf(output) < i ? output.clone() : output));
    });
  const adapter = adapterFor(layer);
  return adapter?.withoutSideEffects ? adapter.withoutSideEffects(layer, run) : run();
}

function requireHeld(held: ReadonlyMap<number, Tensor>, value: number): Tensor {
  const tensor = held.get(value);
  if (!tensor) throw new Error(`activations: value ${value} was released before its last use`);
  return tensor;
}
