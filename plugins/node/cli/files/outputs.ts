import {lstatSync, readdirSync, readFileSync, realpathSync, statSync} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import {Failure, UsageError} from '../failure.ts';
import type {StagedFile} from './publishingJournal.ts';
import {replaceFiles} from './replaceFiles.ts';
import {stagingFolder, statIfExists} from './stagingFolder.ts';

/** What is to be written. */
export interface OutputPlan {
  /** The folder of the model. */
  readonly out: string;
  /** The page. */
  readonly report: string | undefined;
  /** Whether the folder may hold anything. */
  readonly force: boolean;
  /** The folders of the model that is read and of its weights, if they are on this machine. */
  readonly inputs: readonly string[];
}

/** A file that was written. */
export interface SavedFile {
  readonly path: string;
  readonly bytes: number;
}

/** Places for a model and a page, which appear together when all of it is written, or not at all. */
export interface Outputs {
  /** Where the model is written. */
  readonly folder: string;
  /** Where the page is written, if there is to be one. */
  readonly page: string | undefined;
  /** Puts everything in its place. */
  publish(): {readonly model: readonly SavedFile[]; readonly report: SavedFile | undefined};
}

/**
 * Looks whether outputs can be written, before the work begins.
 * @throws UsageError for a place that is the input, Failure for one that is taken or cannot be written to
 */
export function prepareOutputs({out, report, force, inputs}: OutputPlan): Outputs {
  refuseLongName('--out', out);
  if (report !== undefined) refuseLongName('--report', report);
  refuseInputs(out, inputs);
  refuseTaken(out, force);
  if (report !== undefined && resolve(report) === resolve(out))
    throw new UsageError(`--report ${report}: expected another place than --out, which is a folder`);
  if (report !== undefined && isFolder(report))
    throw new UsageError(`--report ${report}: expected a file, found a folder`);
  const folder = stagingFolder('--out', out);
  const page =
    report === undefined ? undefined : join(stagingFolder('--report', dirname(resolve(report))), basename(report));
  return {
    folder,
    page,
    publish() {
      const model = readdirSync(folder)
        .sort()
        .map((name) => ({from: join(folder, name), to: join(out, name)}));
      const pages = page === undefined || report === undefined ? [] : [{from: page, to: report}];
      const files = [...model, ...pages];
      replaceFiles(
        files,
        weightFilesIn(out).map((name) => join(out, name)),
      );
      return {model: model.map(describeFile), report: pages.map(describeFile).at(0)};
    },
  };
}

/**
 * Writes to such a place.
 * @param target which the user named, for messages
 * @throws Failure for a full disk and similar errors; rethrows everything else
 */
export async function withWriteErrors<Result>(target: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new Failure(
      `${target}: expected that it can be written, got: ${cause.message}; nothing of it is left behind`,
      {cause},
    );
  }
}

function describeFile({to}: StagedFile): SavedFile {
  return {path: to, bytes: statSync(to).size};
}

/** Asked of the file system, which knows its limits: it would refuse only when all work is done. */
function refuseLongName(option: string, path: string): void {
  try {
    lstatSync(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENAMETOOLONG')
      throw new UsageError(`${option} ${path}: expected a shorter name, this one is too long for the file system`, {
        cause,
      });
  }
}

function refuseInputs(out: string, inputs: readonly string[]): void {
  if (!isFolder(out) || !inputs.some((input) => realpathSync(out) === realpathSync(input))) return;
  throw new UsageError(
    `--out ${out}: expected another folder than that of the model and its weights, which is never written to`,
  );
}

function refuseTaken(out: string, force: boolean): void {
  const found = statIfExists(out);
  if (found === undefined) return;
  if (!found.isDirectory()) throw new Failure(`--out ${out}: expected a folder, or a name for one, found a file`);
  const names = readdirSync(out);
  if (force || names.length === 0 || names.includes('model.json')) return;
  throw new Failure(
    `--out ${out}: expected an empty folder, or one with a model to replace, found ${names.length} other files; ` +
      '--force saves the model beside them',
  );
}

function isFolder(path: string): boolean {
  return statIfExists(path)?.isDirectory() ?? false;
}

/** The weight files of the model that is replaced. */
function weightFilesIn(folder: string): string[] {
  try {
    const {weightsManifest = []} = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as {
      readonly weightsManifest?: ReadonlyArray<{readonly paths: readonly string[]}>;
    };
    return weightsManifest.flatMap(({paths}) => paths).filter((path) => basename(path) === path);
  } catch {
    return []; // none, or none that names its files
  }
}
