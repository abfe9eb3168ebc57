import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Browser, chromium, type Page} from 'playwright-core';
import {build, preview} from 'vite';
import {findOrInstallChromium} from '../runner/chromium.ts';

/** The example, built and served on a free port. */
export interface Site {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const configFile = 'examples/browser/vite.config.ts';

/** Builds the example into a temporary folder, and serves it. */
export async function serveExample(): Promise<Site> {
  const outDir = await mkdtemp(join(tmpdir(), 'tfjs-compress-page-'));
  await build({configFile, logLevel: 'error', build: {outDir, emptyOutDir: true}});
  const server = await preview({configFile, logLevel: 'error', build: {outDir}, preview: {host: '127.0.0.1', port: 0}});
  const [url] = server.resolvedUrls?.local ?? [];
  return {
    url,
    async close() {
      await server.close();
      await rm(outDir, {recursive: true});
    },
  };
}

/** The example in Chromium. */
export class ExamplePage {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    /** Errors of the page and of its console. */ readonly problems: readonly string[],
  ) {}

  /** @param args of Chromium; without those for WebGPU the page has none */
  static async launch(args: readonly string[]): Promise<ExamplePage> {
    const browser = await chromium.launch({executablePath: findOrInstallChromium(), args: [...args]});
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.addInitScript(watchLongTasks);
    page.setDefaultTimeout(120_000);
    return new ExamplePage(browser, page, problems);
  }

  text(selector: string): Promise<string> {
    return this.page.innerText(selector);
  }

  /** Waits until an element's text matches, and gives it. An alert in the page ends the wait. */
  async textOnce(selector: string, pattern: RegExp): Promise<string> {
    const alert = '#alert:not([hidden]) p';
    const wanted = this.page.locator(selector).filter({hasText: pattern});
    await wanted.or(this.page.locator(alert)).first().waitFor();
    if ((await wanted.count()) === 0)
      throw new Error(`expected ${selector} to show ${String(pattern)}, got the message '${await this.text(alert)}'`);
    return this.text(selector);
  }

  /** How many tensors the page says there are, once it has said the same twice: it counts them four times a second. */
  async settledTensors(): Promise<string> {
    for (let last = ''; ;) {
      const now = await this.textOnce('#tensors', /\d/);
      if (now === last) return now;
      last = now;
      await this.page.waitForTimeout(600);
    }
  }

  /**
   * How long the longest task of the main thread since the last call took, in milliseconds; below 50 it counts as 0.
   */
  longestTask(): Promise<number> {
    return this.page.evaluate(() =>
      Math.max(0, ...performance.getEntriesByName('long task').map(({duration}) => duration)),
    );
  }

  async forgetTasks(): Promise<void> {
    await this.page.evaluate(() => {
      performance.clearMeasures('long task');
    });
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

/** In the page: long tasks as measures, which can be asked for later. */
function watchLongTasks(): void {
  new PerformanceObserver((list) => {
    for (const {startTime, duration} of list.getEntries())
      performance.measure('long task', {start: startTime, duration});
  }).observe({type: 'longtask', buffered: true});
}
