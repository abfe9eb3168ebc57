// The programs named as arguments, in one process: each begins when the one before has nothing left to do. A line of
// markers tells their outputs apart.
import {pathToFileURL} from 'node:url';
import {beginAnew, savedModels} from './atHand.ts';
import {BEGUN, ENDED} from './runPrograms.ts';

const files = process.argv.slice(2);
let running: {readonly file: string; readonly savedBefore: number; isLoaded: boolean} | undefined;

process.on('beforeExit', () => {
  if (running && !running.isLoaded) throw new Error('the block awaits something that never comes');
  if (running) process.stdout.write(`${ENDED}${savedModels() - running.savedBefore}\n`);
  const file = files.shift();
  running = file === undefined ? undefined : {file, savedBefore: savedModels(), isLoaded: false};
  if (running) void run(running);
});

async function run(program: NonNullable<typeof running>): Promise<void> {
  await beginAnew();
  process.stdout.write(`${BEGUN}\n`);
  await import(pathToFileURL(program.file).href);
  program.isLoaded = true;
}
