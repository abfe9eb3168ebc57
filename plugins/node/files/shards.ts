/** A part of a model's weights in a file of its own. */
export interface Shard {
  readonly name: string;
  /** First byte. */
  readonly from: number;
  /** The first byte after it. */
  readonly to: number;
}

/**
 * How weights are cut into files: `weights.bin`, or `weights-1-of-3.bin` and so on, each of `shardBytes`, the last of
 * what is left.
 *
 * The last one is never the largest: from such files tfjs-core 4.22 reads zeros, without an error.
 * @param bytes of all weights together
 * @param shardBytes absent: one file
 */
export function shardsOf(bytes: number, shardBytes = bytes): Shard[] {
  const count = Math.max(1, Math.ceil(bytes / Math.max(1, shardBytes)));
  return Array.from({length: count}, (_, i) => ({
    name: count === 1 ? 'weights.bin' : `weights-${String(i + 1)}-of-${String(count)}.bin`,
    from: i * shardBytes,
    to: Math.min(bytes, (i + 1) * shardBytes),
  }));
}
