import {conv2dNode} from './conv2dNode.ts';
import {depthwiseNode} from './depthwiseNode.ts';
import {batchMatMulNode, matMulNode} from './matMulNode.ts';
import type {WeightedOp} from './weightedNode.ts';

const kinds: readonly WeightedOp[] = [conv2dNode, depthwiseNode, matMulNode, batchMatMulNode];
const byOp: ReadonlyMap<string, WeightedOp> = new Map(
  kinds.flatMap((kind) => kind.ops.map((op) => [op, kind] as const)),
);

/** The reader of nodes of an op, if they can be compressed. */
export function weightedOp(op: string): WeightedOp | undefined {
  return byOp.get(op);
}

/** The ops whose nodes can be compressed, for messages. */
export function supportedOps(): string[] {
  return [...byOp.keys()];
}
