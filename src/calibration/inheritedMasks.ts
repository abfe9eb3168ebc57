import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {CallList} from '../model/callList.ts';

/**
 * The masks that tfjs 4.22 hands on: once an input of a layer had a mask, every layer that runs behind it is called with that mask, too, until
 * the input of another has one. So a decoder skips the steps that its encoder skipped. Known as far as the calls that tfjs would run before
 * come before in the list as well: it goes through the inputs of a layer from the last to the first.
 */
export class InheritedMasks {
  /** By call with a masked input. */
  private readonly masks = new Map<number, Tensor>();

  private constructor(private readonly ranks: readonly number[]) {}

  static of(calls: CallList): InheritedMasks {
    return new InheritedMasks(executionRanks(calls));
  }

  get tensors(): Tensor[] {
    return [...this.masks.values()];
  }

  /** What a call without masked inputs is called with. It stays here. */
  at(index: number): Tensor | undefined {
    const [last] = [...this.masks.keys()]
      .filter((call) => this.ranks[call] < this.ranks[index])
      .sort((one, other) => this.ranks[other] - this.ranks[one]);
    return this.masks.get(last);
  }

  /** A call with a masked input; the mask, of its first one, stays the caller's. */
  add(index: number, mask: Tensor | undefined): void {
    const rank = this.ranks[index];
    for (const [call, old] of this.masks) {
      const isStillMeant = this.ranks.some((other, later) => later > index && other > this.ranks[call] && other < rank);
      if (this.ranks[call] > rank || isStillMeant) continue;
      old.dispose();
      this.masks.delete(call);
    }
    if (mask) this.masks.set(index, mask.clone());
  }

  /** A copy; the tensors are shared and counted. */
  fork(): InheritedMasks {
    const copy = new InheritedMasks(this.ranks);
    this.masks.forEach((mask, call) => copy.masks.set(call, mask.clone()));
    return copy;
  }

  dispose(): void {
    dispose(this.tensors);
    this.masks.clear();
  }
}

/** By call: its turn when tfjs runs the model. */
function executionRanks({calls, outputs}: CallList): number[] {
  const madeBy = new Map(calls.flatMap((call, index) => call.outputs.map((value) => [value, index] as const)));
  const ranks = new Map<number, number>();
  const visit = (value: number): void => {
    const index = madeBy.get(value);
    if (index === undefined || ranks.has(index)) return;
    for (const input of [...calls[index].inputs].reverse()) visit(input);
    ranks.set(index, ranks.size);
  };
  outputs.forEach(visit);
  return calls.map((_, index) => ranks.get(index) ?? calls.length);
}
