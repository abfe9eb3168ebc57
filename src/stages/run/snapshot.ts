import type {LayersModel} from '@tensorflow/tfjs-layers';
import {cloneModel} from '../../model/cloneModel.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {type Compression, createCompression, type Origin, requireCompressible} from './compression.ts';

/** A copy of a model in training, for as many pipelines as want to compress it, each of which frees its own compression. */
export interface Snapshot {
  /** A compression of the copy; the copy lives until the last of them is disposed of, and {@link release} was called. */
  acquire(): Compression;
  /** Says that no more compressions follow. */
  release(): void;
}

/** What a snapshot's compressions carry besides their model. */
export interface SnapshotDescription {
  /** The source, for messages. */
  readonly where: string;
  readonly seed: number;
  readonly epoch: number;
  readonly wait: Origin['wait'];
}

/**
 * Copies a model as it is now.
 * @throws ModelError for a model that cannot be compressed, or copied
 */
export async function takeSnapshot(
  model: LayersModel,
  {where, seed, epoch, wait}: SnapshotDescription,
): Promise<Snapshot> {
  requireCompressible(where, model);
  const copy = await cloneModel(model);
  let holders = 0;
  const hold = (): (() => void) => {
    let isHeld = true;
    holders++;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--holders === 0) disposeModel(copy);
    };
  };
  return {
    acquire: () => ({...createCompression(where, copy, undefined, seed, {release: hold(), wait}), epoch}),
    release: hold(),
  };
}
