import {type DataType, type Tensor, tensor} from '@tensorflow/tfjs-core';
import {ArtifactError} from '../../errors.ts';
import type {SkippedLayer} from '../../records.ts';
import type {Endpoint, NodeDef} from '../graph/nodeDef.ts';

/** A part of a graph, as plain data. */
export interface SegmentProgram {
  readonly nodes: readonly NodeDef[];
  /** The names of the placeholder nodes that stand for its inputs. */
  readonly inputs: readonly string[];
  readonly outputs: ReadonlyArray<{readonly endpoint: Endpoint; readonly shape: ReadonlyArray<number | null>}>;
  /** Constants that are weights of the layer: finite float32 numbers. */
  readonly weights: ReadonlyArray<{readonly name: string; readonly shape: readonly number[]}>;
  /** All other constants: sizes, axes, texts, infinities. */
  readonly constants: readonly StoredConstant[];
  /** The nodes with a weight matrix among its nodes. */
  readonly skipped: readonly SkippedLayer[];
}

/** A constant in JSON; infinities, which JSON does not have, are texts. */
export interface StoredConstant {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly values: ReadonlyArray<number | string>;
}

/**
 * Reads a program from a file.
 * @param layer for messages
 * @throws ArtifactError if it is not one
 */
export function parseProgram(layer: string, given: unknown): SegmentProgram {
  const text: unknown = typeof given === 'object' && given !== null && 'name' in given ? given.name : undefined;
  const program = typeof text === 'string' ? parseText(text) : undefined;
  if (isProgram(program)) return program;
  throw new ArtifactError(
    `layer '${layer}': expected part of a graph as JSON, found something else; save the model again`,
  );
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProgram(value: unknown): value is SegmentProgram {
  if (typeof value !== 'object' || value === null) return false;
  const entries = new Map<string, unknown>(Object.entries(value));
  const lists = ['nodes', 'inputs', 'outputs', 'weights', 'constants', 'skipped'];
  return lists.every((key) => Array.isArray(entries.get(key)));
}

/** A constant as plain data. */
export function storeConstant(
  name: string,
  {dtype, shape}: Pick<Tensor, 'dtype' | 'shape'>,
  values: ArrayLike<unknown>,
): StoredConstant {
  return {
    name,
    dtype,
    shape,
    values: Array.from(values, (value) =>
      typeof value === 'string' || Number.isFinite(Number(value)) ? plain(value) : String(value),
    ),
  };
}

/** The constant as a tensor, which belongs to the caller. */
export function constantTensor({dtype, shape, values}: StoredConstant): Tensor {
  if (dtype === 'string') return tensor(values.map(String), [...shape], dtype);
  return tensor(values.map(Number), [...shape], dtype);
}

function plain(value: unknown): number | string {
  return typeof value === 'string' ? value : Number(value);
}
