import {ExamplePage, serveExample} from '../../test/examples/examplePage.ts';
import {webgpuFlags} from '../../test/runner/browserSuites.ts';
import {keepResults, textTable} from '../results.ts';

/** How each backend gets its Chromium. */
const BACKENDS = {WebGPU: webgpuFlags, WebAssembly: ['--headless', '--no-sandbox', '--disable-gpu']} as const;
type Backend = keyof typeof BACKENDS;

interface PageFigures {
  readonly backend: Backend;
  /** From the request until two controls were used. */
  readonly firstInteraction: number;
  /** One pass over the images. */
  readonly adapting: number;
  /** Half pruned, then 2 bits. */
  readonly compressing: number;
  /** Milliseconds of the main thread, while compressing. */
  readonly longestTask: number;
}

/**
 * The browser example as a user meets it, in Chromium: first interaction, waiting times, and the longest task of the
 * main thread while compressing.
 */
export async function page(): Promise<void> {
  const site = await serveExample();
  const figures: PageFigures[] = [];
  try {
    for (const backend of Object.keys(BACKENDS) as Backend[]) figures.push(await measured(backend, site.url));
  } finally {
    await site.close();
  }
  console.log(
    textTable(
      [
        'examples/browser in headless Chromium',
        'first interaction, s',
        'adapting, s',
        'compressing, s',
        'longest task, ms',
      ],
      figures.map((one) => [
        one.backend,
        ...[one.firstInteraction, one.adapting, one.compressing].map((seconds) => seconds.toFixed(1)),
        one.longestTask.toFixed(0),
      ]),
    ),
  );
  keepResults('page', {figures});
}

async function measured(backend: Backend, url: string): Promise<PageFigures> {
  const example = await ExamplePage.launch(BACKENDS[backend]);
  try {
    const firstInteraction = await seconds(async () => {
      await example.page.goto(url, {waitUntil: 'commit'});
      await example.page.check('input[value=inverted]');
      await example.page.check('input[value=rotated]');
    });
    await example.textOnce('#accuracy-before', /%/);
    await example.page.fill('#passes', '1');
    const adapting = await seconds(async () => {
      await example.page.click('#adapt [type=submit]');
      await example.textOnce('#accuracy-after', /%/);
    });
    await example.forgetTasks();
    const compressing = await seconds(async () => {
      await example.page.click('#compress [type=submit]');
      await example.textOnce('#size', /kB/);
      await example.page.waitForSelector('#plots svg');
    });
    return {backend, firstInteraction, adapting, compressing, longestTask: await example.longestTask()};
  } finally {
    await example.close();
  }
}

async function seconds(run: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await run();
  return (performance.now() - begin) / 1000;
}
