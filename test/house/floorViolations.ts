import {execFile} from 'node:child_process';
import {resolve} from 'node:path';

export interface FloorViolation {
  readonly from: string;
  readonly to: string;
  readonly rule: string;
}

const FOLDERS = ['src', 'plugins', 'examples'];

/**
 * Runs the rules of `.dependency-cruiser.js` (`npm run lint:floors`) on the folders `src`, `plugins` and `examples`.
 * @param root where the three folders, `tsconfig.json` and `package.json` lie
 */
export async function findFloorViolations(root = '.'): Promise<FloorViolation[]> {
  const {summary} = JSON.parse(await cruise(root)) as {
    summary: {violations: {from: string; to: string; rule: {name: string}}[]};
  };
  return summary.violations.map(({from, to, rule}) => ({from, to, rule: rule.name}));
}

/** The exit code is the number of violations, so an exit code other than 0 is a failure only if nothing was printed. */
async function cruise(root: string): Promise<string> {
  const program = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, ...FOLDERS, '--config', resolve('.dependency-cruiser.js'), '--output-type', 'json'];
  return new Promise((done, fail) => {
    execFile(process.execPath, args, {cwd: root, maxBuffer: 2 ** 28}, (error, stdout, stderr) => {
      if (stdout === '') fail(new Error(`expected a report of dependency-cruiser, got: ${stderr}`, {cause: error}));
      else done(stdout);
    });
  });
}
