import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import ts from 'typescript';
import {findFloorViolations} from './floorViolations.ts';
import {CAST_FILES} from './sourceFiles.ts';
import {findWideLines, MAX_WIDTH, writtenFiles} from './width.ts';

// npm run house: the figures by which the state of the code base is told.

const files = writtenFiles();
const library = files.filter((path) => /^(src|plugins)[/].*[.]ts$/.test(path));

const violations = await findFloorViolations();
const circular = violations.filter(({rule}) => rule === 'no-circle');
print('files in a circle of imports (npm run lint:floors)', new Set(circular.map(({from}) => from)).size);
print('imports that break a floor (npm run lint:floors)', violations.length - circular.length);
print(
  `lines over ${String(MAX_WIDTH)} columns, without tables and URLs`,
  sum(files.map((path) => findWideLines(path).length)),
);
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

function countTestOnlyExports(): number {
  const report = JSON.parse(runKnip('--production', '--include', 'exports,types', '--reporter', 'json')) as {
    issues: {exports: unknown[]; types: unknown[]}[];
  };
  return sum(report.issues.map(({exports, types}) => exports.length + types.length));
}

/** It exits with an error where it found something. */
function runKnip(...args: readonly string[]): string {
  try {
    return execFileSync('npx', ['knip', ...args], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
  } catch (cause) {
    return (cause as {stdout: string}).stdout;
  }
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
