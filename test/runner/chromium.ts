import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {delimiter, join} from 'node:path';

/**
 * The path of Chromium: `CHROMIUM_PATH`, or one on the `PATH`, or Debian's, installed now.
 * @throws Error that says what to install, if there is none and this process may not install it
 */
export function findOrInstallChromium(): string {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen !== undefined) {
    if (!existsSync(chosen)) throw new Error(`expected Chromium at CHROMIUM_PATH, found nothing at ${chosen}`);
    return chosen;
  }
  if (find() === undefined) installOnDebian();
  const found = find();
  if (found === undefined) {
    throw new Error(
      'expected Chromium, whose WebGPU the tests need, found none; install it (Debian: apt-get install chromium) ' +
        'or set CHROMIUM_PATH',
    );
  }
  return found;
}

function find(): string | undefined {
  return ['chromium', 'chromium-browser', 'google-chrome'].map(onPath).find((path) => path !== undefined);
}

function onPath(command: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path));
}

function installOnDebian(): void {
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) return;
  console.log("Chromium is missing; installing Debian's package");
  execFileSync('apt-get', ['update'], {stdio: 'inherit'});
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
    stdio: 'inherit',
    env: {...process.env, DEBIAN_FRONTEND: 'noninteractive'},
  });
}
