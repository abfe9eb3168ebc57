import {readFileSync} from 'node:fs';
import {expect} from 'chai';
import {runCli} from './runCli.ts';

const {version} = JSON.parse(readFileSync('package.json', 'utf8')) as {readonly version: string};

describe('tfjs-compress: the command line', () => {
  it('--version prints the version of the package', async () => {
    expect(await runCli(['--version'])).to.deep.equal({exitCode: 0, stdout: `${version}\n`, stderr: ''});
  });

  it(
    '--help names every option and command, in lines of at most 80 characters, with examples and ' + 'exit codes',
    async () => {
      const {exitCode, stdout} = await runCli(['--help']);
      expect(exitCode).to.equal(0);
      for (const word of [
        '--calibrate',
        '--bits',
        '--prune',
        '--correct',
        '--include',
        '--exclude',
        '--out',
        '--format',
        '--report',
        '--evaluate',
        '--labels',
        '--force',
        '--dry-run',
        '--samples',
        '--range',
        '--size',
        '--on-corrupt',
        '--seed',
        '--backend',
        '--import',
        '--json',
        '--quiet',
        '--verbose',
        'inspect',
        'evaluate',
        'Examples:',
        'Exit codes:',
      ]) {
        expect(stdout).to.include(word);
      }
      expect(stdout.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
    },
  );

  it('evaluate --help lists the options of evaluate', async () => {
    const {exitCode, stdout} = await runCli(['evaluate', '--help']);
    expect([exitCode, stdout.includes('--against'), stdout.includes('--prune')]).to.deep.equal([0, true, false]);
  });

  it('help is --help', async () => {
    const [help, helpOfInspect] = [await runCli(['help']), await runCli(['help', 'inspect'])];
    expect([help, helpOfInspect]).to.deep.equal([await runCli(['--help']), await runCli(['inspect', '--help'])]);
  });

  for (const [args, message] of [
    [[], /missing required argument 'model'/],
    [['model', '--calibrat', 'x'], /unknown option '--calibrat'\s+\(Did you mean --calibrate\?\)/],
    [['model', '--bits', '9'], /--bits.*'9' is invalid\. Expected a whole number from 1 to 8, or 'ternary'/],
    [['model', '--prune', '1'], /--prune.*'1' is invalid\. Expected the share of weights that become 0/],
    [['model', '--prune', '4:2'], /--prune.*'4:2' is invalid/],
    [['model', '--range', '1,0'], /--range.*'1,0' is invalid\. Expected two numbers, the lower first/],
    [['model', '--size', '64'], /--size.*'64' is invalid\. Expected height and width/],
    [['model', '--samples', '0'], /--samples.*'0' is invalid\. Expected a whole number from 1 up/],
    [['model', '--backend', 'webgl'], /--backend.*'webgl' is invalid\. Allowed choices are wasm, cpu, webgpu/],
    [[''], /argument 'model'\. Expected a path, got an empty text/],
    [['model', '--calibrate', 'x', '--out', ''], /--out.*'' is invalid\. Expected a path, got an empty text/],
    [['model', '--report', 'page.json'], /--report.*'page\.json' is invalid\. Expected the name of an \.html file/],
    [['model', '--out', 'small'], /--calibrate <data>: expected inputs/],
    [['model', '--calibrate', 'x'], /--out <folder>: expected a place/],
    [['model', '--calibrate', 'x', '--out', 'small', '--labels', 'y'], /--labels: expected --evaluate/],
    [['model', 'another', '--out', 'small'], /too many arguments/],
    [['--json', 'inspect', 'model'], /expected the options of 'inspect' behind it/],
  ] as const) {
    it(`refuses: tfjs-compress ${args.join(' ')}`, async () => {
      const {exitCode, stdout, stderr} = await runCli(args);
      expect(stderr)
        .to.match(message)
        .and.match(/^tfjs-compress: /);
      expect([exitCode, stdout]).to.deep.equal([2, '']);
    });
  }
});
