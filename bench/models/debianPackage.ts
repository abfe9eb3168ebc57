import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {cachePath} from './cache.ts';

/**
 * The folder with the contents of a Debian package, downloaded and unpacked, not installed, if it is not there yet.
 * @throws Error where that is not possible
 */
export function debianPackage(name: string): string {
  const folder = cachePath('debian', name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, {recursive: true, force: true});
  mkdirSync(partial, {recursive: true});
  try {
    download(name, partial);
    const [archive] = readdirSync(partial).filter((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`expected an archive of ${name} from apt-get, got none`);
    execFileSync('dpkg-deb', ['-x', archive, '.'], {cwd: partial, stdio: 'pipe'});
    rmSync(join(partial, archive));
    renameSync(partial, folder);
  } finally {
    rmSync(partial, {recursive: true, force: true});
  }
  return folder;
}

/** The lists of packages may be missing or old. */
function download(name: string, folder: string): void {
  const run = (...args: readonly string[]) => execFileSync('apt-get', args, {cwd: folder, stdio: 'pipe'});
  try {
    run('download', name);
  } catch {
    run('update');
    run('download', name);
  }
}
