import {existsSync, mkdirSync, renameSync, rmSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {removeJournals, type StagedFile, writeJournals} from './publishingJournal.ts';

/**
 * Puts all files in their places, or none: what fails is undone. Synchronous, so that no signal comes between; what a
 * killed process left half done, the next one ends by the journal that lies beside the staged files.
 *
 * What is replaced lies there meanwhile, too. A `model.json` goes first and comes last, so that there is never one with
 * weights of another.
 * @param obsolete files that go, on the file system of the first of `files`
 */
export function replaceFiles(files: readonly StagedFile[], obsolete: readonly string[]): void {
  const undo: Array<() => void> = [];
  const move = (from: string, to: string): void => {
    renameSync(from, to);
    undo.unshift(() => {
      renameSync(to, from);
    });
  };
  const moveAway = (path: string, staged: StagedFile): void => {
    if (existsSync(path)) move(path, join(dirname(staged.from), `replaced-${undo.length}`));
  };
  const ordered = modelLast(files);
  try {
    writeJournals(ordered, obsolete);
    for (const file of [...ordered].reverse()) moveAway(file.to, file);
    for (const path of obsolete) moveAway(path, files[0]);
    for (const file of ordered) {
      const made = mkdirSync(dirname(file.to), {recursive: true});
      if (made !== undefined)
        undo.unshift(() => {
          rmSync(made, {recursive: true});
        });
      move(file.from, file.to);
    }
  } catch (error) {
    for (const step of undo) step();
    throw error;
  } finally {
    removeJournals(ordered);
  }
}

function modelLast(files: readonly StagedFile[]): StagedFile[] {
  const isModel = ({to}: StagedFile): boolean => basename(to) === 'model.json';
  return [...files.filter((file) => !isModel(file)), ...files.filter(isModel)];
}
