// The architecture as rules. `npm run lint:floors` prints every import that breaks one of them.

/**
 * The floors of `src` from the ground up, one per folder: a file may import from its own folder and from those above it
 * in this list. Imports of types count like any other. Only the doors (`index.ts`) are exempt.
 */
const FLOORS = [
  'src/errors.ts',
  'src/options.ts',
  'src/numerics',
  'src/numerics/linalg',
  'src/numerics/stochastic',
  'src/numerics/scales',
  'src/numerics/correction',
  'src/numerics/path',
  'src/numerics/coding',
  'src/records.ts',
  'src/progress.ts',
  'src/tfjsInternals.ts',
  'src/ops',
  'src/ops/packed',
  'src/solver',
  'src/layers/adapter',
  'src/layers/matrices',
  'src/layers/dense',
  'src/layers/convolution',
  'src/layers/recurrent',
  'src/layers/wrappers',
  'src/layers',
  'src/model',
  'src/artifacts',
  'src/data',
  'src/packed',
  'src/converted/graph',
  'src/converted/nodes',
  'src/converted/segments',
  'src/converted/bridge',
  'src/calibration',
  'src/report',
  'src/stages/run',
  'src/stages/measure',
  'src/stages',
  'src/stages/prune',
  'src/stages/quantize',
  'src/stages/correct',
  'src/stages/dryRun',
  'src/stages/pack',
  'src/files',
  'src/files/export',
  'src/sources',
  'src/operators',
  'src/queries',
  'src/callbacks',
];

/** The lowest floor that may import each package. What is not listed here, no floor may import. */
const PACKAGES = {
  '@tensorflow/tfjs-core': 'src/tfjsInternals.ts',
  '@tensorflow/tfjs-layers': 'src/tfjsInternals.ts',
  '@tensorflow/tfjs-converter': 'src/converted/graph',
  rxjs: 'src/sources',
};

/** The doors: what users call. Options are checked here; what is below takes complete, checked ones. */
const DOORS = ['src/files', 'src/sources', 'src/operators', 'src/queries', 'src/callbacks'];

/** The part of `src` that plugins may build on. */
const OPEN_TO_PLUGINS = [
  'src/ops',
  'src/numerics',
  'src/records.ts',
  'src/progress.ts',
  'src/errors.ts',
  'src/options.ts',
];

/** Plugins that compute nothing but show or feed what the library does: they may come in by its door. */
const GUESTS = ['plugins/vis', 'plugins/node'];

/** Programs know the package by its name, as their users do. */
const PROGRAMS = ['examples', 'plugins/node/cli'];

/** How files of strangers are read, which the program shares with the handler of models. */
const READING = 'plugins/node/files';

/** `src/ops` matches the files of that folder alone, `src/errors.ts` that file. */
const filesOf = (floor) => (floor.endsWith('.ts') ? `^${floor}$` : `^${floor}/[^/]+$`);
const under = (folders) => folders.map((folder) => `^${folder}(/|$)`);
const npm = (name) => `(^|/)node_modules/${name}/`;
const doors = '^src/(numerics/)?index[.]ts$';

const floorsAbove = (index) => FLOORS.slice(index + 1).map(filesOf);

export default {
  forbidden: [
    {name: 'no-circle', severity: 'error', from: {}, to: {circular: true}},
    {
      name: 'not-on-any-floor',
      severity: 'error',
      from: {path: '^src/', pathNot: [doors, ...FLOORS.map(filesOf)]},
      to: {},
    },
    ...FLOORS.slice(0, -1).map((floor, index) => ({
      name: `${floor} imports from above`,
      severity: 'error',
      from: {path: filesOf(floor), pathNot: doors},
      to: {path: [...floorsAbove(index), '^src/index[.]ts$']},
    })),
    {
      name: 'options are checked at the doors',
      severity: 'error',
      from: {path: '^src/', pathNot: [...under(DOORS), doors]},
      to: {path: '^src/options[.]ts$'},
    },
    {name: 'src never imports plugins', severity: 'error', from: {path: '^src/'}, to: {path: '^(plugins|examples)/'}},
    ...Object.entries(PACKAGES).map(([name, floor]) => ({
      name: `${name} from ${floor} up`,
      severity: 'error',
      from: {path: FLOORS.slice(0, FLOORS.indexOf(floor)).map(filesOf)},
      to: {path: npm(name)},
    })),
    {
      name: 'src imports only its peers',
      severity: 'error',
      from: {path: '^src/'},
      to: {pathNot: ['^src/', ...Object.keys(PACKAGES).map(npm)]},
    },
    {
      // an optional peer: the user's GraphModel brings it
      name: 'tfjs-converter by type alone',
      severity: 'error',
      from: {path: '^src/'},
      to: {path: npm('@tensorflow/tfjs-converter'), dependencyTypesNot: ['type-only']},
    },
    {
      name: 'plugins import what is open to them',
      severity: 'error',
      from: {path: '^plugins/', pathNot: under(PROGRAMS)},
      to: {path: '^src/', pathNot: [...under(OPEN_TO_PLUGINS), '^src/index[.]ts$']},
    },
    {
      name: 'only guests come in by the door',
      severity: 'error',
      from: {path: '^plugins/', pathNot: under([...GUESTS, ...PROGRAMS])},
      to: {path: '^src/index[.]ts$'},
    },
    {
      name: 'a plugin imports no other plugin',
      severity: 'error',
      from: {path: '^plugins/([^/]+)/', pathNot: under(PROGRAMS)},
      to: {path: '^(plugins|examples)/', pathNot: '^plugins/$1/'},
    },
    {
      name: 'plugins import only dependencies and peers',
      severity: 'error',
      from: {path: '^plugins/', pathNot: under(PROGRAMS)},
      to: {path: 'node_modules/', dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional']},
    },
    {
      name: 'plugins know no rxjs',
      severity: 'error',
      from: {path: '^plugins/', pathNot: under(PROGRAMS)},
      to: {path: npm('rxjs')},
    },
    {
      name: 'only plugins/node knows Node',
      severity: 'error',
      from: {path: '^plugins/', pathNot: '^plugins/node/'},
      to: {dependencyTypes: ['core']},
    },
    {
      name: 'programs import the package by its name',
      severity: 'error',
      from: {path: under(PROGRAMS)},
      to: {
        path: '^(src|plugins)/',
        pathNot: under([...PROGRAMS, READING]),
        dependencyTypesNot: ['aliased-tsconfig-paths'],
      },
    },
    {name: 'nothing unresolvable', severity: 'error', from: {path: '^(src|plugins)/'}, to: {couldNotResolve: true}},
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    tsPreCompilationDeps: true,
    tsConfig: {fileName: 'tsconfig.json'},
    enhancedResolveOptions: {exportsFields: ['exports'], conditionNames: ['import', 'types', 'default']},
  },
};
