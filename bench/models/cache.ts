import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const FOLDER = fileURLToPath(new URL('../../.cache/bench-models/', import.meta.url));

/** A path under the folder, ignored by git, of what the benchmark fetched or trained. */
export function cachePath(...parts: readonly string[]): string {
  return join(FOLDER, ...parts);
}
