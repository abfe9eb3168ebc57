import {dispose, type Tensor} from '@tensorflow/tfjs-core';
import type {CallList} from '../model/callList.ts';

/**
 * Masks as tfjs 4.22 propagates them: after a layer with a masked input, every later layer is called with that mask,
 * until another layer has a masked input of its own. Thus a decoder skips the steps that its encoder skipped.
 *
 * "Later" is meant in the order in which tfjs runs the layers: it visits the inputs of a layer from the last to the
 * first. A mask is known here only if the call that sets it comes earlier in the list of calls, too.
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

  /** The mask with which a call without masked inputs is called. It stays owned by this. */
  at(index: number): Tensor | undefined {
    const [last] = [...this.masks.keys()]
      .filter((call) => this.ranks[call] < this.ranks[index])
      .sort((one, other) => this.ranks[other] - this.ranks[one]);
    return this.masks.get(last);
  }

  /** Records a call with a masked input. The mask, that of its first input, stays owned by the caller. */
  add(index: number, mask: Tensor | undefined): void {
    const rank = this.ranks[index];
    for (const [call, old] of this.masks) {
      const isStillNeeded = this.ranks.some(
        (other, later) => later > index && other > this.ranks[call] && other < rank,
      );
      if (this.ranks[call] > rank || isStillNeeded) continue;
      old.dispose();
      this.masks.delete(call);
    }
    if (mask) this.masks.set(index, mask.clone());
  }

  /** A copy that shares the data of the tensors by reference counts. */
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

/** For each call its position in the order in which tfjs runs the model. */
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
