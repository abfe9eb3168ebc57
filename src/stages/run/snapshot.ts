import type {LayersModel} from '@tensorflow/tfjs-layers';
import {cloneModel} from '../../model/cloneModel.ts';
import {disposeModel} from '../../model/disposeModel.ts';
import {type Compression, createCompression, type Origin, requireCompressible} from './compression.ts';

/** A copy of a model in training that several pipelines compress; each frees its own compression. */
export interface Snapshot {
  /** A compression of the copy, which lives until all of these are disposed of and {@link release} was called. */
  acquire(): Compression;
  /** To be called when no more compressions follow. */
  release(): void;
}

/** What the compressions of a snapshot carry beside their model. */
export interface SnapshotDescription {
  /** The source, for messages. */
  readonly where: string;
  readonly seed: number;
  readonly epoch: number;
  readonly wait: Origin['wait'];
}

/**
 * Copies a model as it is now.
 * @throws ModelError for a model that cannot be compressed or copied
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
