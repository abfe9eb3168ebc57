import {cp, mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {expect} from 'chai';
import {findFloorViolations, type FloorViolation} from './floorViolations.ts';

/** An import that must be refused, and the rules that refuse it. */
interface PlantedImport {
  readonly path: string;
  readonly line: string;
  readonly rules: readonly string[];
}

const PLANTED: readonly PlantedImport[] = [
  {
    path: 'src/ops/upward.ts',
    line: "import {adapterFor} from '../layers/registry.ts';",
    rules: ['src/ops imports from above'],
  },
  {
    path: 'src/solver/upwardType.ts',
    line: "import type {Adapter} from '../layers/registry.ts';",
    rules: ['src/solver imports from above'],
  },
  {
    path: 'src/layers/adapter/stage.ts',
    line: "import {packModel} from '../../stages/pack/packModel.ts';",
    rules: ['src/layers/adapter imports from above'],
  },
  {
    path: 'src/errors.ts',
    line: "import {adapterFor} from './layers/registry.ts';",
    rules: ['src/errors.ts imports from above'],
  },
  {
    path: 'src/nowhere/file.ts',
    line: "import {gram} from '../numerics/linalg/matrix.ts';",
    rules: ['not-on-any-floor'],
  },
  {path: 'src/model/circle.ts', line: "import type {Target} from './circleByTypes.ts';", rules: ['no-circle']},
  {
    path: 'src/ops/observable.ts',
    line: "import {\n  map,\n} from 'rxjs';",
    rules: ['rxjs from src/sources up'],
  },
  {
    path: 'src/stages/pack/observable.ts',
    line: "import type {Observable} from 'rxjs';",
    rules: ['rxjs from src/sources up'],
  },
  {
    path: 'src/numerics/linalg/tensor.ts',
    line: "import type {Tensor} from '@tensorflow/tfjs-core';",
    rules: ['@tensorflow/tfjs-core from src/tfjsInternals.ts up'],
  },
  {
    path: 'src/layers/dense/plugin.ts',
    line: "export {gemv} from '../../../plugins/webgpu/path/gemv.ts';",
    rules: ['src imports only its peers', 'src never imports plugins'],
  },
  {path: 'src/layers/dense/node.ts', line: "import 'node:fs';", rules: ['src imports only its peers']},
  {
    path: 'src/converted/graph/loading.ts',
    line: "import {loadGraphModel} from '@tensorflow/tfjs-converter';",
    rules: ['tfjs-converter by type alone'],
  },
  {
    path: 'plugins/webgpu/path/other.ts',
    line: "export const {useWebGPU} = await import('../../node/useWebGPU.ts');",
    rules: ['a plugin imports no other plugin'],
  },
  {
    path: 'plugins/webgpu/path/closed.ts',
    line: "import {calibrate} from '../../../src/operators/calibrate.ts';",
    rules: ['plugins import what is open to them'],
  },
  {
    path: 'plugins/webgpu/path/door.ts',
    line: "import {calibrate} from '../../../src/index.ts';",
    rules: ['only guests come in by the door'],
  },
  {
    path: 'plugins/webgpu/path/stray.ts',
    line: "import {createProgram} from 'typescript';",
    rules: ['plugins import only dependencies and peers'],
  },
  {
    path: 'plugins/webgpu/path/unknown.ts',
    line: "import {chalk} from 'no-such-package';",
    rules: ['nothing unresolvable'],
  },
  {
    path: 'plugins/webgpu/path/node.ts',
    line: "import {readFileSync} from 'node:fs';",
    rules: ['only plugins/node knows Node'],
  },
  {
    path: 'plugins/vis/observable.ts',
    line: "import {map} from 'rxjs';",
    rules: ['plugins know no rxjs'],
  },
  {
    path: 'plugins/node/cli/byPath.ts',
    line: "import {calibrate} from '../../../src/index.ts';",
    rules: ['programs import the package by its name'],
  },
  {
    path: 'examples/digits/main.ts',
    line: "import {compress} from '../../src/index.ts';",
    rules: ['programs import the package by its name'],
  },
];

/** The files that the planted imports lead to. */
const TARGETS: Readonly<Record<string, string>> = {
  'src/index.ts': '',
  'src/numerics/linalg/matrix.ts': '',
  'src/layers/registry.ts': '',
  'src/model/circleByTypes.ts': "import type {Target} from './circle.ts';",
  'src/stages/pack/packModel.ts': '',
  'src/operators/calibrate.ts': '',
  'plugins/webgpu/path/gemv.ts': '',
  'plugins/node/useWebGPU.ts': '',
};

describe('floors', () => {
  it('imports go down: src, plugins and examples', async () => {
    expect(await findFloorViolations()).to.deep.equal([]);
  });

  describe('in a tree with planted imports', () => {
    let violations: readonly FloorViolation[];
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'floors-'));
      for (const file of ['package.json', 'tsconfig.json']) await cp(file, join(folder, file));
      await symlink(resolve('node_modules'), join(folder, 'node_modules'));
      for (const [path, text] of Object.entries(TARGETS)) await write(path, text);
      for (const {path, line} of PLANTED) await write(path, line);
      violations = await findFloorViolations(folder);
    });
    after(async () => rm(folder, {recursive: true}));

    async function write(path: string, text: string): Promise<void> {
      await mkdir(dirname(join(folder, path)), {recursive: true});
      await writeFile(join(folder, path), `${text}\n`);
    }

    for (const {path, line, rules} of PLANTED) {
      it(`refuses in ${path}: ${line.replaceAll(/\s+/g, ' ')}`, () => {
        const broken = violations.filter(({from}) => from === path).map(({rule}) => rule);
        expect(broken.sort()).to.deep.equal(rules);
      });
    }

    it('refuses nothing else', () => {
      const planted = PLANTED.map(({path}) => path);
      expect(violations.filter(({from}) => !planted.includes(from))).to.deep.equal([]);
    });
  });
});
