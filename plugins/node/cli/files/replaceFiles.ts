import {existsSync, mkdirSync, renameSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** A file that is complete, and where it is to be. */
export interface StagedFile {
  readonly from: string;
  readonly to: string;
}

/**
 * Puts all files in their places, or none: what fails is undone. Synchronous, so that no signal comes between.
 * What is replaced lies beside the staged files meanwhile.
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
  try {
    for (const path of obsolete) moveAway(path, files[0]);
    for (const file of files) {
      moveAway(file.to, file);
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
  }
}
