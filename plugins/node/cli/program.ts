import {Console} from 'node:console';
import {createRequire} from 'node:module';
import {Writable} from 'node:stream';
import {Command} from 'commander';
import {addCompress} from './commands/addCompress.ts';
import {addEvaluate} from './commands/addEvaluate.ts';
import {addInspect} from './commands/addInspect.ts';
import {exitCodeOf, Failure, failureText, Interrupted, UsageError} from './failure.ts';

/**
 * Runs the program to its end, and sets the exit code.
 * @param args the arguments after the name of the program
 */
export async function runCli(args: readonly string[]): Promise<void> {
  // What libraries print is no result: stdout is ours alone.
  const aside = args.includes('--quiet')
    ? new Writable({
        write: (_chunk, _encoding, done) => {
          done();
        },
      })
    : process.stderr;
  globalThis.console = new Console({stdout: aside, stderr: aside});
  const sayFailure = (error: unknown): void => {
    process.stderr.write(`${failureText(error, args.includes('--verbose') || Boolean(process.env['DEBUG']))}\n`);
  };
  watchStreams();
  // Before that of tfjs's wasm, which prints its own source.
  process.on('uncaughtException', (error) => {
    sayFailure(error);
    process.exit(1);
  });
  try {
    await newProgram().parseAsync([...args], {from: 'user'});
  } catch (error) {
    // commander has written its own errors, with what may have been meant.
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('commander.'))) sayFailure(error);
    // What was cancelled may still be on its way to its next pause.
    if (error instanceof Interrupted) process.exit(exitCodeOf(error));
    process.exitCode = exitCodeOf(error);
  }
}

function newProgram(): Command {
  const program = new Command('tfjs-compress')
    .description(
      'Makes TensorFlow.js models small: quantizes and prunes them after training, layer by layer, ' +
        'on a few inputs and no labels.',
    )
    .version(versionOf(), '--version', 'print the version')
    .helpOption('--help', 'print this')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(tfjs-compress --help lists what there is)')
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'tfjs-compress: '));
      },
    });
  addCompress(program);
  program
    .commandsGroup('Other commands (each has its own --help):')
    .helpCommand('help [command]', 'print the help of a command');
  program.hook('preSubcommand', (_, command) => {
    refuseMisplaced(program, command.name());
  });
  addInspect(program);
  addEvaluate(program);
  return program;
}

/** Options in front of a command would be those of compressing, and do nothing. */
function refuseMisplaced(program: Command, command: string): void {
  const given = Object.keys(program.opts()).find((key) => program.getOptionValueSource(key) === 'cli');
  if (given !== undefined)
    throw new UsageError(
      `expected the options of '${command}' behind it, as in: tfjs-compress ${command} <model> --${given}`,
    );
}

function versionOf(): string {
  const {version} = createRequire(import.meta.url)('tfjs-compress/package.json') as {readonly version: string};
  return version;
}

function watchStreams(): void {
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') process.exit(0); // tfjs-compress … | head: who reads has seen enough
    throw new Failure(`expected that stdout can be written to, got: ${cause.message}`, {cause});
  });
  process.stderr.on('error', () => undefined); // the reader is gone; the work goes on
}
