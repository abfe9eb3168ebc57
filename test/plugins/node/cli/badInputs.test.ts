import '@tensorflow/tfjs-backend-wasm';
import {once} from 'node:events';
import {chmod, copyFile, mkdir, readFile, writeFile} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import * as tf from '@tensorflow/tfjs';
import {expect} from 'chai';
import {runCli} from './runCli.ts';
import {digits, saveClassifier, saveFilter} from './savedModels.ts';
import {contentOf, temporaryFolder} from './temporaryFolder.ts';

const calibrated = ['--calibrate', digits.images, '--samples', '32'];
const photo = 'node_modules/@vladmandic/face-api/demo/sample1.jpg';

describe('tfjs-compress: bad input', () => {
  const at = temporaryFolder();
  let site: string;
  let server: Server;
  before(async () => {
    await tf.setBackend('wasm');
    await saveClassifier(at('model'));
    await saveFilter(at('filter'));
    for (const name of ['empty', 'texts', 'photos', 'graph', 'prose', 'damaged', 'taken', 'taken.html', 'locked'])
      await mkdir(at(name));
    for (const path of ['texts/notes.txt', 'taken/thesis.txt', 'a-file']) await writeFile(at(path), 'text');
    await copyFile(photo, at('photos/good.jpg'));
    await writeFile(at('photos/corrupt.png'), Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
    await writeFile(
      at('graph/model.json'),
      JSON.stringify({format: 'graph-model', modelTopology: {node: []}, weightsManifest: []}),
    );
    await writeFile(at('prose/model.json'), 'not a model');
    await copyFile(at('model/model.json'), at('damaged/model.json'));
    await writeFile(at('damaged/weights.bin'), (await readFile(at('model/weights.bin'))).subarray(0, 1000));
    server = createServer(({url = ''}, response) => {
      if (url === '/missing.json') response.writeHead(404).end();
      else if (url === '/cut.json')
        response.writeHead(200, {'content-length': 1000}).write('{', () => response.destroy());
      else if (url === '/model/model.json') void readFile(at('model/model.json')).then((file) => response.end(file));
      else
        response
          .setHeader('content-type', 'text/html')
          .end('<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
  });

  /** Fails as said, in one line, and leaves everything as it was. */
  async function expectRefusal(args: readonly string[], message: RegExp, exitCode = 1, uid?: number): Promise<void> {
    const before = await contentOf(at());
    const run = await runCli(args, {...(uid !== undefined && {uid})});
    const errors = run.stderr
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('tfjs-compress: '));
    expect(errors).to.have.length(1);
    expect(errors[0]).to.match(message);
    expect([run.exitCode, run.stdout]).to.deep.equal([exitCode, '']);
    expect(await contentOf(at())).to.deep.equal(before);
  }

  for (const [title, model, message] of [
    ['nothing there', 'nowhere', /expected a model at '.*nowhere', found nothing there/],
    ['a folder without model.json', 'texts', /expected a model\.json in the folder '.*texts', found notes\.txt/],
    ['a GraphModel', 'graph', /expected a tf\.LayersModel, got the tf\.GraphModel/],
    [
      'a file that is no JSON',
      'prose',
      /expected a tfjs model in JSON at '.*model\.json', got 11 characters that do not parse/,
    ],
    ['a weight file that is cut off', 'damaged', /expected \d+ bytes for 4 weights, found 1000/],
  ] as const) {
    it(`refuses as a model: ${title}`, async () =>
      expectRefusal([at(model), ...calibrated, '--out', at('small')], message));
  }

  for (const [title, path, message] of [
    [
      'HTML, naming the title of the page',
      '/app/model.json',
      /expected a model at 'http.*', got an HTML page with the title 'Sign in'/,
    ],
    ['not there', '/missing.json', /expected a file at 'http.*missing\.json', got the answer 404/],
    ['cut off midway', '/cut.json', /expected all of the file at 'http.*cut\.json', but the connection ended midway/],
    ['a model whose weight file is HTML', '/model', /expected a model at 'http.*weights\.bin', got an HTML page/],
  ] as const) {
    it(`refuses an address that is ${title}`, async () =>
      expectRefusal([`${site}${path}`, ...calibrated, '--out', at('small')], message));
  }

  it('refuses a folder without images, saying what is in it', async () => {
    await expectRefusal(
      [at('filter'), '--calibrate', at('texts'), '--out', at('small')],
      /texts: expected images \(.*\), got 1 other file \(\.txt\)/,
    );
    await expectRefusal(
      [at('filter'), '--calibrate', at('empty'), '--out', at('small')],
      /empty: expected images \(.*\), got an empty folder/,
    );
  });

  it('a corrupt png is refused with --on-corrupt refuse, else left out and named', async () => {
    const args = [at('filter'), '--calibrate', at('photos'), '--size', '16x16', '--dry-run'];
    await expectRefusal([...args, '--on-corrupt', 'refuse'], /corrupt\.png: expected a jpeg or png image/);
    const {exitCode, stdout, stderr} = await runCli([...args, '--json']);
    const {calibration} = JSON.parse(stdout) as {
      readonly calibration: {readonly samples: number; readonly skipped: readonly {readonly file: string}[]};
    };
    expect([exitCode, calibration.samples, calibration.skipped.length]).to.deep.equal([0, 1, 1]);
    expect(calibration.skipped[0].file).to.match(/corrupt\.png$/);
    expect(stderr).to.match(/left out .*corrupt\.png: /);
  });

  it('refuses a --size that the model does not take', async () => {
    await expectRefusal(
      [at('model'), '--calibrate', at('photos'), '--size', '16x16', '--dry-run'],
      /photos: expected no other size than that of the model, 28×28, got 16×16/,
    );
  });

  it('refuses labels that are not as many as the inputs', async () => {
    await writeFile(at('labels.txt'), '1\n2\n3\n');
    await expectRefusal(
      ['evaluate', at('model'), '--data', digits.images, '--labels', at('labels.txt')],
      /labels\.txt: expected 2000 labels, one for each input/,
    );
  });

  it(
    'refuses labels for a model that gives no scores of classes; ' + 'sub-folders of images are no classes for it',
    async () => {
      await expectRefusal(
        ['evaluate', at('filter'), '--data', at('photos'), '--labels', at('a-file')],
        /a-file: expected a model that gives one score for each class, .*got one that gives \[batch, any, any, 4\]/,
      );
      await mkdir(at('nested/some'), {recursive: true});
      await copyFile(photo, at('nested/some/good.jpg'));
      const {exitCode, stdout} = await runCli([
        'evaluate',
        at('filter'),
        '--data',
        at('nested'),
        '--size',
        '16x16',
        '--against',
        at('filter'),
      ]);
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/output error 0\.00 %, on 1 samples/);
    },
  );

  it('refuses an output folder that cannot be written to, before the work begins', async () => {
    await chmod(at('locked'), 0o555);
    await chmod(at(), 0o755);
    const nobody = process.getuid?.() === 0 ? 65534 : undefined; // nothing is locked for root
    await expectRefusal(
      [at('model'), ...calibrated, '--out', at('locked')],
      /--out .*locked: expected a place that can be written to, got: EACCES/,
      1,
      nobody,
    );
    await expectRefusal(
      [at('model'), ...calibrated, '--out', at('locked/deep/small')],
      /--out .*: expected a place that can be written to, got: EACCES/,
      1,
      nobody,
    );
  });

  for (const [title, args, message, exitCode] of [
    ['a file', ['--out', 'a-file'], /--out .*a-file: expected a folder, or a name for one, found a file/, 1],
    ['below a file', ['--out', 'a-file/small'], /--out .*: expected a place that can be written to, got: ENOTDIR/, 1],
    ["the model's own folder", ['--out', 'model'], /--out .*model: expected another folder than that of the model/, 2],
    ['a folder of other files', ['--out', 'taken'], /--out .*taken: expected an empty folder.*--force/, 1],
    [
      'a folder, for the page',
      ['--out', 'small', '--report', 'taken.html'],
      /--report .*taken\.html: expected a file, found a folder/,
      2,
    ],
    [
      'the output folder, for the page',
      ['--out', 'one.html', '--report', 'one.html'],
      /--report .*one\.html: expected another place than --out/,
      2,
    ],
    [
      "the model's own file, for the page",
      ['--out', 'small', '--report', 'model/model.json'],
      /--report .*model\.json' is invalid\. Expected the name of an \.html file/,
      2,
    ],
  ] as const) {
    it(`refuses as output: ${title}`, async () => {
      await expectRefusal(
        [at('model'), ...calibrated, ...args.map((arg) => (arg.startsWith('--') ? arg : at(arg)))],
        message,
        exitCode,
      );
    });
  }

  it('refuses a packed model, which is small already', async () => {
    await runCli([at('model'), ...calibrated, '--out', at('packed')]);
    await expectRefusal(
      [at('packed'), ...calibrated, '--out', at('small')],
      /expected a float model, got the packed model '.*packed\/model\.json'/,
    );
    await expectRefusal(
      ['evaluate', at('model'), '--data', digits.images, '--against', at('packed')],
      /--against: expected a float model, got the packed model/,
    );
  });

  it('--verbose and DEBUG show where an error came from', async () => {
    for (const settings of [{args: ['--verbose']}, {args: [], env: {DEBUG: '1'}}]) {
      const {stderr} = await runCli(
        ['inspect', at('prose'), ...settings.args],
        settings.env ? {env: settings.env} : {},
      );
      expect(stderr)
        .to.match(/\n {4}at .*modelFile/)
        .and.match(/caused by: SyntaxError/);
    }
  });
});
