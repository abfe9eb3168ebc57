import {rename, rm, writeFile} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import type {io} from '@tensorflow/tfjs-core';
import {readRegularFile} from './regularFile.ts';

/** A file of a model, and what it is to hold. */
export interface NewFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/**
 * Puts a model in the place of the one that is there. All of it is written under temporary names first, `model.json`
 * last; then the earlier `model.json` goes aside, so that it is never seen with new weights. What fails is undone; what
 * is killed in between is done by {@link finishSave}.
 */
export async function saveFiles(weights: readonly NewFile[], model: NewFile): Promise<void> {
  const files = [...weights, model];
  try {
    for (const {path, content} of files) await writeFile(partial(path), content, {flush: true});
    const undo: (() => Promise<void>)[] = [];
    const move = async (from: string, to: string): Promise<void> => {
      await rename(from, to);
      undo.unshift(() => rename(to, from));
    };
    try {
      for (const {path} of [model, ...weights]) await move(path, replaced(path)).catch(unlessMissing);
      for (const {path} of files) await move(partial(path), path);
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
  } finally {
    await removeTraces(files.map(({path}) => path));
  }
}

/**
 * Ends a save that was killed after everything was written: `model.json.partial` is complete, and no `model.json` is
 * there.
 * @returns whether there was one
 */
export async function finishSave(modelPath: string): Promise<boolean> {
  const names = await writtenWeights(partial(modelPath));
  if (names === undefined) return false;
  const weights = names.map((name) => join(dirname(modelPath), name));
  for (const path of weights) await rename(partial(path), path).catch(unlessMissing);
  await rename(partial(modelPath), modelPath);
  await removeTraces([...weights, modelPath]);
  return true;
}

/** The names of the weight files of a complete `model.json`. */
async function writtenWeights(path: string): Promise<string[] | undefined> {
  try {
    const {weightsManifest} = JSON.parse((await readRegularFile(path)).toString()) as io.ModelJSON;
    return weightsManifest.flatMap(({paths}) => paths).map((name) => basename(name));
  } catch {
    return undefined; // none, or one that was not written to its end
  }
}

async function removeTraces(paths: readonly string[]): Promise<void> {
  for (const path of paths) for (const trace of [partial(path), replaced(path)]) await rm(trace, {force: true});
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Fixed names, so that the next save overwrites what a crash left behind. */
const partial = (path: string): string => `${path}.partial`;
const replaced = (path: string): string => `${path}.replaced`;
