import {readFileSync} from 'node:fs';
import type {Import, SourceFile} from './sourceFiles.ts';

const core = '@tensorflow/tfjs-core';
const layers = '@tensorflow/tfjs-layers';
const converter = '@tensorflow/tfjs-converter';

interface Floor {
  /** Folders and files by the beginning of their paths. */
  readonly rooms: readonly string[];
  /** What its files may import from npm. */
  readonly packages: readonly string[];
}

/** The floors of the library, from the ground up: a file may import from its own floor and from those below it. */
const floors: readonly Floor[] = [
  {rooms: ['src/types.ts', 'src/errors.ts', 'src/options.ts'], packages: []},
  {rooms: ['src/numerics/', 'src/stochastic/'], packages: []},
  {rooms: ['src/ops/'], packages: [core]},
  {
    rooms: ['src/io/', 'src/graph/', 'src/layers/', 'src/packed/', 'src/methods/', 'src/report/', 'src/converted/'],
    packages: [core, layers, converter],
  },
  {rooms: ['src/sources/', 'src/operators/', 'src/callbacks/'], packages: [core, layers, converter, 'rxjs']},
  {rooms: ['src/index.ts'], packages: []},
];

/** What plugins may import from `src`. */
const openToPlugins = [
  'src/ops/',
  'src/stochastic/',
  'src/numerics/',
  'src/types.ts',
  'src/errors.ts',
  'src/options.ts',
];

/** Plugins that compute nothing, but show or feed what the library does, may come in by its door. */
const guests = ['plugins/vis/', 'plugins/node/'];

/** Programs: they know the package by its name, as their users do. */
const programs = ['examples/', 'plugins/node/cli/'];

/** Imports of a file of `src`, `plugins` or `examples` that the architecture does not allow, each as `file imports target`. */
export function floorViolations(file: SourceFile): string[] {
  return file.imports
    .filter((imported) => !isAllowed(file.path, imported))
    .map(({target}) => `${file.path} imports ${target}`);
}

function isAllowed(path: string, imported: Import): boolean {
  if (programs.some((folder) => path.startsWith(folder))) return isAllowedInPrograms(imported.target);
  if (path.startsWith('plugins/')) return isAllowedInPlugin(path, imported.target);
  return isAllowedInSource(path, imported);
}

function isAllowedInSource(path: string, {target, isType}: Import): boolean {
  if (path === 'src/types.ts') return isType && target !== 'rxjs' && !target.startsWith('plugins/'); // names things of all floors, runs nothing
  const height = heightOf(path);
  if (height < 0) return false; // a room that the table above does not have
  if (target === converter && !isType) return false; // an optional peer: the user's GraphModel brings it
  if (!target.includes('.ts')) return floors[height].packages.includes(target);
  return heightOf(target) >= 0 && heightOf(target) <= height;
}

function heightOf(path: string): number {
  return floors.findIndex(({rooms}) => rooms.some((room) => path.startsWith(room)));
}

function isAllowedInPlugin(path: string, target: string): boolean {
  const ownFolder = path.split('/').slice(0, 2).join('/') + '/';
  if (target.startsWith('node:')) return ownFolder === 'plugins/node/';
  if (!target.includes('.ts'))
    return (
      target !== 'rxjs' && (target in peerDependencies || (ownFolder === 'plugins/node/' && target in dependencies))
    );
  return [ownFolder, ...openToPlugins, ...(guests.includes(ownFolder) ? ['src/index.ts'] : [])].some((room) =>
    target.startsWith(room),
  );
}

const {dependencies, peerDependencies} = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: object;
  peerDependencies: object;
};

function isAllowedInPrograms(target: string): boolean {
  return (
    !target.startsWith('src/') &&
    !(target.startsWith('plugins/') && !programs.some((folder) => target.startsWith(folder)))
  );
}
