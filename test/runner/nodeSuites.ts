import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Counts} from './countingReporter.ts';
import {failure, type Outcome, sum} from './outcome.ts';
import {testFiles} from './testFiles.ts';

/** Runs the suites in Node under mocha; a file that runs no test is a failure. */
export async function runNodeSuites(grep?: string): Promise<Outcome> {
  const files = testFiles('node');
  const {counts, exitCode} = await runMocha([...files, ...(grep === undefined ? [] : ['--grep', grep])]);
  if (counts === undefined)
    return failure(`expected mocha to finish its suites in Node, it ended with exit code ${String(exitCode)}`);
  const idle = grep === undefined ? files.filter((file) => !counts.files.includes(file)) : [];
  const problems = idle.map((file) => failure(`expected tests in ${file}, none has run`));
  if (exitCode !== 0 && counts.failed === 0) problems.push(failure(`mocha ended with exit code ${String(exitCode)}`));
  return sum([counts, ...problems]);
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
