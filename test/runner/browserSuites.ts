import {chromium, type Page} from 'playwright-core';
import {browserPage} from './browserPage.ts';
import {bundle} from './bundle.ts';
import {failure, type Outcome, sum} from './outcome.ts';
import {serve} from './server.ts';
import {testFiles} from './testFiles.ts';

/** Runs the suites under `test/browser` in headless Chromium; what the page writes as a console error is a failure. */
export async function runBrowserSuites(executablePath: string, grep?: string): Promise<Outcome> {
  const {url, server} = await serve(browserPage(grep), await bundle(testFiles('browser')));
  const browser = await chromium.launch({executablePath, args: webgpuFlags});
  try {
    console.log(`\n  Chromium ${browser.version()}`);
    return await runPage(await browser.newPage(), url);
  } finally {
    await browser.close();
    server.close();
  }
}

/** SwiftShader is Chromium's own Vulkan driver: right on any machine. The others keep Chromium from calling home. */
export const webgpuFlags = [
  '--headless',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan,WebGPU',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const minutesAllowed = 10;

interface PageOutcome extends Outcome {
  /** Test files that define no test. */
  readonly empty: readonly string[];
}

async function runPage(page: Page, url: string): Promise<Outcome> {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`uncaught in the page: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console error in the page: ${message.text()}`);
  });
  const {passed, failed, empty} = await finished(page, url);
  problems.push(...empty.map((file) => `expected tests in ${file}, found none`));
  if (passed + failed === 0) problems.push('expected tests to run in Chromium, none has run');
  return sum([{passed, failed}, ...problems.map(failure)]);
}

function finished(page: Page, url: string): Promise<PageOutcome> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`expected the suites in Chromium to finish within ${String(minutesAllowed)} minutes`));
    }, minutesAllowed * 60_000);
    page.once('crash', () => {
      reject(new Error('the page crashed in Chromium'));
    });
    page.once('close', () => {
      clearTimeout(timer);
    });
    const open = async (): Promise<void> => {
      await page.exposeFunction('report', (line: string) => {
        console.log(line);
      });
      await page.exposeFunction('finish', resolve);
      await page.goto(url);
    };
    open().catch(reject);
  });
}
