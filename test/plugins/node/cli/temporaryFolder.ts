import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** A folder for the tests of a suite, gone behind them. */
export function temporaryFolder(): (name?: string) => string {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
  });
  after(async () => rm(folder, {recursive: true}));
  return (name = '') => join(folder, name);
}

/** Every file in a folder and below it, with its bytes. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true});
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({parentPath, name}) => join(parentPath, name))
    .sort();
  return Object.fromEntries(
    await Promise.all(
      files.map(async (path) => [path.slice(folder.length), (await readFile(path)).toString('base64')] as const),
    ),
  );
}
