import {execFile} from 'node:child_process';
import {dirname, resolve} from 'node:path';
import type {DocumentProgram} from './documentPrograms.ts';

/** Stand before and behind the output of a program, the second with the number of models that it saved. */
export const [BEGUN, ENDED] = ['\u0002', '\u0003'];

/** What became of a program. */
export interface Outcome {
  readonly printed: string;
  /** How many models it saved. */
  readonly saved: number;
  /** Why it did not end well; nothing where it did. */
  readonly error?: string;
}

/**
 * Runs programs one after the other in one process, in the folder of the first; one that fails ends it.
 * One that asks for a GPU has a process of its own, because tensors do not come back from there.
 */
export async function runPrograms(
  programs: readonly DocumentProgram[],
): Promise<ReadonlyMap<DocumentProgram, Outcome>> {
  const onGpu = programs.filter(({code}) => /await (use|require)WebGPU\(\);/.test(code));
  const outcomes = new Map<DocumentProgram, Outcome>();
  for (const together of [
    programs.filter((program) => !onGpu.includes(program)),
    ...onGpu.map((program) => [program]),
  ]) {
    const found = await runTogether(
      together.map(({file}) => resolve(file)),
      onGpu.includes(together[0]),
    );
    together.forEach((program, k) => outcomes.set(program, found[k]));
  }
  return outcomes;
}

async function runTogether(files: readonly string[], withWebGPU: boolean): Promise<Outcome[]> {
  if (files.length === 0) return [];
  const {stdout, stderr} = await new Promise<{stdout: string; stderr: string}>((done) => {
    const env = withWebGPU ? {...process.env, WITH_WEBGPU: '1'} : process.env;
    execFile(
      process.execPath,
      ['--import=tsx', resolve('test/docs/blockLoop.ts'), ...files],
      {cwd: dirname(files[0]), env, maxBuffer: 2 ** 24},
      (_, out, err) => {
        done({stdout: out, stderr: readable(err)});
      },
    );
  });
  const outputs = stdout.split(`${BEGUN}\n`).slice(1);
  return files.map((_, k) =>
    k < outputs.length
      ? outcomeOf(outputs[k], stderr)
      : {printed: '', saved: 0, error: `not run: a block before it failed\n${stderr}`},
  );
}

function outcomeOf(output: string, stderr: string): Outcome {
  const [printed, end] = output.split(ENDED);
  return end === undefined ? {printed, saved: 0, error: stderr} : {printed, saved: Number.parseInt(end, 10)};
}

/** Without the line of a minified file that Node shows above an error. */
function readable(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => line.length < 1000)
    .join('\n');
}
