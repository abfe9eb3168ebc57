import {mkdtempSync, readdirSync, rmSync, type Stats, statSync} from 'node:fs';
import {hostname} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {Failure, messageOf} from '../failure.ts';
import {finishPublishing} from './publishingJournal.ts';

/**
 * A hidden folder for what will be renamed to `target`: in the nearest folder that is there, thus on the same file
 * system. It is gone when the process ends, however that is; what a killed process left behind is ended or
 * removed by the next.
 * @param option that named the target, for messages
 * @throws Failure if nothing can be written there
 */
export function stagingFolder(option: string, target: string): string {
  try {
    const parent = nearestFolder(resolve(target));
    clearStale(parent);
    const folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
    own.add(folder);
    process.once('exit', () => {
      rmSync(folder, {recursive: true, force: true, maxRetries: 3});
    });
    return folder;
  } catch (cause) {
    throw new Failure(`${option} ${target}: expected a place that can be written to, got: ${messageOf(cause)}`, {
      cause,
    });
  }
}

const own = new Set<string>();
const PREFIX = `.tfjs-compress-${hostname()}-`;

function nearestFolder(path: string): string {
  return statIfExists(path) !== undefined || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** Ends what killed processes had begun to publish in a folder, and removes what they left. */
export function clearStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    if (!name.startsWith(PREFIX) || own.has(folder) || isRunningElsewhere(parseInt(name.slice(PREFIX.length))))
      continue;
    finishPublishing(folder);
    rmSync(folder, {recursive: true, force: true});
  }
}

/** In a container a process often has the number of the one that was killed before it. */
function isRunningElsewhere(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // of another user
  }
}

/** What is at a path; undefined where there is nothing, or nothing that can be looked at. */
export function statIfExists(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
