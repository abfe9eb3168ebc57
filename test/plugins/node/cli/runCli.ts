import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {text} from 'node:stream/consumers';

/** What a run of the program left behind. */
export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a run differs from the usual. */
export interface CliSettings {
  /** Sent when `stderr` has first said `when`. */
  readonly signals?: readonly {readonly when: RegExp; readonly signal: NodeJS.Signals}[];
  /** Whose rights the program has. */
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the real program, from its source. */
export async function runCli(args: readonly string[], {signals = [], uid, env}: CliSettings = {}): Promise<CliRun> {
  const child = spawn(process.execPath, ['--import=tsx', 'plugins/node/cli/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {...process.env, ...env},
    ...(uid !== undefined && {uid}),
  });
  const waiting = [...signals];
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
    if (waiting.length > 0 && waiting[0].when.test(said)) child.kill(waiting.shift()?.signal);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return {exitCode: child.exitCode, stdout, stderr};
}
