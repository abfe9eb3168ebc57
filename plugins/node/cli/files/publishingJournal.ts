import {existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join, relative, resolve, sep} from 'node:path';

/** A file that is complete, and where it is to be. */
export interface StagedFile {
  readonly from: string;
  readonly to: string;
}

/** What a process wanted to do with the files that it had staged in a folder. Paths are from the folder above. */
interface Journal {
  /** In this order. */
  readonly files: readonly {readonly staged: string; readonly to: string}[];
  readonly obsolete: readonly string[];
}

const NAME = 'publish.json';

/** Writes down, in each staging folder, what is about to be done: from here on it will be done, by whom ever. */
export function writeJournals(files: readonly StagedFile[], obsolete: readonly string[]): void {
  for (const [at, folder] of foldersOf(files).entries()) {
    const from = (path: string): string => relative(dirname(folder), resolve(path));
    const own = files.filter((file) => resolve(dirname(file.from)) === folder);
    const journal: Journal = {
      files: own.map((file) => ({staged: basename(file.from), to: from(file.to)})),
      obsolete: at === 0 ? obsolete.map(from).filter((path) => !own.some((file) => from(file.to) === path)) : [],
    };
    const partial = join(folder, `${NAME}.partial`);
    writeFileSync(partial, JSON.stringify(journal), {flush: true});
    renameSync(partial, join(folder, NAME));
  }
}

/** All is done, or undone. */
export function removeJournals(files: readonly StagedFile[]): void {
  for (const folder of foldersOf(files))
    for (const name of [NAME, `${NAME}.partial`]) rmSync(join(folder, name), {force: true});
}

/** Does what a killed process was about to do with the files in its staging folder, if it had come so far. */
export function finishPublishing(folder: string): void {
  const journal = readJournal(folder);
  if (journal === undefined) return;
  const waiting = journal.files
    .map(({staged, to}) => ({from: join(folder, basename(staged)), to: inside(dirname(folder), to)}))
    .filter(({from}) => existsSync(from));
  // the last is the model.json: it goes first
  for (const {to} of [...waiting].reverse()) rmSync(to, {force: true});
  for (const path of journal.obsolete) rmSync(inside(dirname(folder), path), {force: true});
  for (const {from, to} of waiting) {
    mkdirSync(dirname(to), {recursive: true});
    renameSync(from, to);
  }
}

function readJournal(folder: string): Journal | undefined {
  try {
    const journal: unknown = JSON.parse(readFileSync(join(folder, NAME), 'utf8'));
    return isJournal(journal) ? journal : undefined;
  } catch {
    return undefined; // the process was killed before, and has left nothing to do
  }
}

function isJournal(value: unknown): value is Journal {
  const {files, obsolete}: Partial<Record<keyof Journal, unknown>> = typeof value === 'object' ? {...value} : {};
  const isText = (text: unknown): boolean => typeof text === 'string';
  return (
    Array.isArray(obsolete) &&
    obsolete.every(isText) &&
    Array.isArray(files) &&
    files.every((file: Partial<Journal['files'][number]> | null) => isText(file?.staged) && isText(file?.to))
  );
}

/** A journal that came in a stranger's archive shall not reach beyond that. */
function inside(folder: string, path: string): string {
  const whole = resolve(folder, path);
  if (!whole.startsWith(folder.endsWith(sep) ? folder : folder + sep))
    throw new Error(`${folder}: expected a journal of publishing with paths in this folder, found ${whole}`);
  return whole;
}

function foldersOf(files: readonly StagedFile[]): string[] {
  return [...new Set(files.map(({from}) => resolve(dirname(from))))];
}
