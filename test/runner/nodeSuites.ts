import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Counts} from './countingReporter.ts';
import {failure, type Outcome, sum} from './outcome.ts';
import {testFiles, unitTestFiles} from './testFiles.ts';

/** Runs the suites in Node under mocha; a file that runs no test is a failure. */
export async function runNodeSuites(grep?: string): Promise<Outcome> {
  const files = testFiles('node');
  const {outcome, idle} = await runFiles(files, grep);
  return sum([outcome, ...(grep === undefined ? idle.map(noTestsIn) : [])]);
}

/**
 * Runs the fast suites in Node on the backends `cpu` and `wasm`. WebGPU runs on a software driver here, which takes as
 * long as all the rest, and needs Chromium.
 */
export async function runUnitSuites(grep = ''): Promise<Outcome> {
  return (await runFiles(unitTestFiles(), `^(?![^]*\\bon webgpu\\b)[^]*(${grep})`)).outcome;
}

/** @returns what came of the tests, and the files of which no test has run */
async function runFiles(
  files: readonly string[],
  grep: string | undefined,
): Promise<{outcome: Outcome; idle: readonly string[]}> {
  const {counts, exitCode} = await runMocha([...files, ...(grep === undefined ? [] : ['--grep', grep])]);
  if (counts === undefined) {
    const message = `expected mocha to finish its suites in Node, it ended with exit code ${String(exitCode)}`;
    return {outcome: failure(message), idle: []};
  }
  const isUnexplained = exitCode !== 0 && counts.failed === 0;
  const problems = isUnexplained ? [failure(`mocha ended with exit code ${String(exitCode)}`)] : [];
  return {outcome: sum([counts, ...problems]), idle: files.filter((file) => !counts.files.includes(file))};
}

function noTestsIn(file: string): Outcome {
  return failure(`expected tests in ${file}, none has run`);
}

async function runMocha(args: readonly string[]): Promise<{counts: Counts | undefined; exitCode: number | null}> {
  const folder = await mkdtemp(join(tmpdir(), 'mocha-'));
  const countsFile = join(folder, 'counts.json');
  try {
    const mocha = spawn(
      process.execPath,
      ['node_modules/mocha/bin/mocha.js', '--reporter', 'test/runner/countingReporter.ts', '--forbid-only', ...args],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {...process.env, COUNTS_FILE: countsFile},
      },
    );
    const [exitCode] = (await once(mocha, 'exit')) as [number | null];
    const counts = existsSync(countsFile) ? (JSON.parse(readFileSync(countsFile, 'utf8')) as Counts) : undefined;
    return {counts, exitCode};
  } finally {
    await rm(folder, {recursive: true});
  }
}
