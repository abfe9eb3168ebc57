import {readFileSync} from 'node:fs';
import {build} from 'esbuild';
import {chromium, type Page} from 'playwright-core';
import {webgpuFlags} from '../../test/runner/browserSuites.ts';
import {findOrInstallChromium} from '../../test/runner/chromium.ts';
import {serve} from '../../test/runner/server.ts';
import {keepResults, textTable} from '../results.ts';
import type {measurePeer, PeerMeasurement, PeerRequest} from './peerPage.ts';
import {summaryOf} from './timing.ts';

const TASK: PeerRequest = {size: 1024, group: 32, batches: [1, 32], warmUp: 5, runs: 21};
const PAGE =
  '<!doctype html>\n<meta charset="utf-8">\n<title>tfjs-compress beside onnxruntime-web</title>\n<script ' +
  'type="module" src="/bundle.js"></script>';
const PEER = 'onnxruntime-web';
/** More would be an error of a kernel, not of rounding. */
const MAX_ERROR = 1e-5;

/**
 * A packed Dense layer beside onnxruntime-web's MatMulNBits, and both floats, by turns in one page of Chromium, on
 * webgpu.
 */
export async function peer(): Promise<void> {
  const {server, url} = await serve(PAGE, await pageScript(), `node_modules/${PEER}/dist`);
  const browser = await chromium.launch({executablePath: findOrInstallChromium(), args: webgpuFlags});
  try {
    const page = await browser.newPage();
    const {measurements, userAgent, adapter} = await measured(page, url);
    const rows = measurements.map(({milliseconds, ...row}) => ({...row, milliseconds: summaryOf(milliseconds)}));
    const versions = Object.fromEntries(
      [PEER, '@tensorflow/tfjs-backend-webgpu'].map((name) => [name, versionOf(name)]),
    );
    console.log(
      `Chromium ${browser.version()}, ${adapter}; ${Object.entries(versions)
        .map((entry) => entry.join(' '))
        .join(', ')}; [batch, ${TASK.size}] · [${TASK.size}, ${TASK.size}]`,
    );
    console.log(
      textTable(
        ['milliseconds, host to host', 'batch', 'median', 'least', 'most', 'to ours', 'largest error'],
        rows.map((row) => cells(row, rows)),
      ),
    );
    keepResults('peer', {task: TASK, userAgent, adapter, versions, rows});
    const wrong = rows.find(({error}) => !(error <= MAX_ERROR));
    if (wrong) throw new Error(`peer: expected ${wrong.name} to be right within ${MAX_ERROR}, got ${wrong.error}`);
  } finally {
    await browser.close();
    server.close();
  }
}

interface InPage {
  readonly measurements: readonly PeerMeasurement[];
  readonly userAgent: string;
  readonly adapter: string;
}

type Row = Omit<PeerMeasurement, 'milliseconds'> & {readonly milliseconds: ReturnType<typeof summaryOf>};

async function measured(page: Page, url: string): Promise<InPage> {
  const problems: string[] = [];
  page.on('pageerror', ({message}) => problems.push(message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  if (problems.length > 0) throw new Error(`peer: the page does not load: ${problems.join('; ')}`);
  const inPage = await page.evaluate(async (task) => {
    const {measurePeer: measure} = globalThis as unknown as {measurePeer: typeof measurePeer};
    const {vendor, architecture} = (await (navigator as unknown as GPUNavigator).gpu.requestAdapter()).info;
    return {measurements: await measure(task), userAgent: navigator.userAgent, adapter: `${vendor} ${architecture}`};
  }, TASK);
  if (problems.length > 0) throw new Error(`peer: expected no error in the page, got: ${problems.join('; ')}`);
  return inPage;
}

interface GPUNavigator {
  readonly gpu: {requestAdapter(): Promise<{readonly info: {readonly vendor: string; readonly architecture: string}}>};
}

async function pageScript(): Promise<string> {
  const {
    outputFiles: [{text}],
  } = await build({
    stdin: {
      contents: "import {measurePeer} from './bench/peerPage.ts';\nglobalThis.measurePeer = measurePeer;",
      resolveDir: process.cwd(),
      sourcefile: 'peer.ts',
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    tsconfig: 'tsconfig.json',
    write: false,
    logLevel: 'warning',
  });
  return text;
}

function versionOf(name: string): string {
  return (JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as {version: string}).version;
}

function cells({batch, name, milliseconds: {median, least, most}, error}: Row, rows: readonly Row[]): string[] {
  const ours = rows.find((row) => row.batch === batch)?.milliseconds.median ?? NaN;
  return [
    name,
    String(batch),
    ...[median, least, most].map((value) => value.toFixed(1)),
    `${(median / ours).toFixed(2)} ×`,
    error.toExponential(1),
  ];
}
