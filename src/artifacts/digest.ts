import {BackendError} from '../errors.ts';
import type {PlainTopology} from './plainTopology.ts';
import type {StoredTensor} from './storedTensors.ts';

/** The parts of a saved model. */
export interface ModelContent {
  readonly topology: PlainTopology;
  readonly tensors: readonly StoredTensor[];
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** The checksum of a model. */
export interface Digest {
  /** SHA-256 in hexadecimal digits. */
  readonly sha256: string;
  /**
   * The first {@link MARK} digits of the SHA-256 of each weight's bytes, in the order of their names: enough to tell
   * which weight is damaged.
   */
  readonly marks: string;
}

/** Digits of a mark; few, because a small model has few bytes to spare. */
export const MARK = 4;

/**
 * SHA-256 of the JSON text `{topology: {class_name, config}, weights: [[name, shape, dtype, SHA-256 of its bytes],
 * …]}`, the keys of all objects in the order of their code units (as RFC 8785 has them): a database that stores JSON as
 * values, such as PostgreSQL's jsonb, gives it back with its keys in another order.
 *
 * The weights are in the order of their names: their order in files depends on which layers are trainable, which tfjs
 * forgets of nested models. Other entries that tfjs writes, such as its version, are left out, so that a model that is
 * loaded and saved again keeps its digest.
 * @param keys `'as they come'`: the digest of files that were sealed before keys were sorted
 * @throws BackendError where there is no `crypto.subtle`
 */
export async function computeDigest(
  {topology: {class_name, config}, tensors, payload}: ModelContent,
  keys: 'sorted' | 'as they come' = 'sorted',
): Promise<Digest> {
  const weights = await Promise.all(
    byName(tensors).map(async ({name, shape, dtype, from, to}) => ({
      name,
      shape,
      dtype,
      hash: await sha256(payload.subarray(from, to)),
    })),
  );
  const content = {
    topology: {class_name, config},
    weights: weights.map(({name, shape, dtype, hash}) => [name, shape, dtype, hash]),
  };
  const text = keys === 'sorted' ? JSON.stringify(content, sortKeys) : JSON.stringify(content);
  return {
    sha256: await sha256(new TextEncoder().encode(text)),
    marks: weights.map(({hash}) => hash.slice(0, MARK)).join(''),
  };
}

/** A replacer of `JSON.stringify`. */
function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Weights in the order of the code points of their names. */
export function byName(tensors: readonly StoredTensor[]): StoredTensor[] {
  return [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // A page that was loaded over plain http has no `subtle`, although its type claims so.
  const subtle: SubtleCrypto | undefined = typeof crypto === 'undefined' ? undefined : crypto.subtle;
  if (!subtle)
    throw new BackendError(
      'expected crypto.subtle for a SHA-256, found none; ' +
        'serve the page over https or from localhost, or load with {verify: false}',
    );
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
