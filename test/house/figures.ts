import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import ts from 'typescript';

// npm run house: the figures by which the state of the code base is told.

/** The one place where casts are in order: kernels of tfjs take untyped inputs, and its private fields have no types. */
const CAST_FILES = ['src/ops/kernel.ts', 'src/tfjsInternals.ts'];
const MAX_WIDTH = 120;

const files = execFileSync('git', ['ls-files', '--', 'src', 'plugins', 'test', 'bench', 'examples'], {encoding: 'utf8'})
  .split('\n')
  .filter((path) => /[.](ts|js|mjs|html|css|md)$/.test(path));
const library = files.filter((path) => /^(src|plugins)[/].*[.]ts$/.test(path));

const {circles, arrows} = countFloorViolations();
print('files in a circle of imports (npm run lint:floors)', circles);
print('imports that break a floor (npm run lint:floors)', arrows);
print(`lines over ${String(MAX_WIDTH)} columns, without tables and URLs`, sum(files.map(countWideLines)));
print('exports used by tests alone (npx knip --production)', countTestOnlyExports());
print(
  `casts in src and plugins outside ${CAST_FILES.join(' and ')}`,
  sum(library.filter((path) => !CAST_FILES.includes(path)).map(countCasts)),
);
const sizes = library.map((path) => textOf(path).split('\n').length - 1).sort((a, b) => a - b);
print(
  'files in src and plugins; lines of the median and of the largest',
  `${String(sizes.length)}; ${String(sizes[sizes.length >> 1])}; ${String(sizes.at(-1))}`,
);

function print(what: string, figure: number | string): void {
  console.log(`${String(figure).padStart(14)}  ${what}`);
}

interface Violation {
  readonly from: string;
  readonly rule: {readonly name: string};
}

function countFloorViolations(): {circles: number; arrows: number} {
  const report = run('depcruise', ['src', 'plugins', 'examples', '--output-type', 'json']);
  const {violations} = (JSON.parse(report) as {summary: {violations: Violation[]}}).summary;
  const circular = violations.filter(({rule}) => rule.name === 'no-circle');
  return {circles: new Set(circular.map(({from}) => from)).size, arrows: violations.length - circular.length};
}

function countTestOnlyExports(): number {
  const report = JSON.parse(run('knip', ['--production', '--include', 'exports,types', '--reporter', 'json'])) as {
    issues: {exports: unknown[]; types: unknown[]}[];
  };
  return sum(report.issues.map(({exports, types}) => exports.length + types.length));
}

/** Both tools exit with an error where they found something. */
function run(tool: string, args: readonly string[]): string {
  try {
    return execFileSync('npx', [tool, ...args], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (cause) {
    return (cause as {stdout: string}).stdout;
  }
}

/** A row of a Markdown table and an address cannot be wrapped. */
function countWideLines(path: string): number {
  const isTable = (line: string): boolean => path.endsWith('.md') && line.startsWith('|');
  return textOf(path)
    .split('\n')
    .filter((line) => line.length > MAX_WIDTH && !isTable(line) && !/https?:[/][/]/.test(line)).length;
}

function countCasts(path: string): number {
  let casts = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) casts++;
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, textOf(path), ts.ScriptTarget.ES2022, true));
  return casts;
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
