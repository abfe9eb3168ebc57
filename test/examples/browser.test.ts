import {expect} from 'chai';
import {webgpuFlags} from '../runner/browserSuites.ts';
import {ExamplePage, serveExample, type Site} from './examplePage.ts';

const figure = /^\d+\.\d %$/;

describe('examples/browser', () => {
  let site: Site;
  before(async () => {
    site = await serveExample();
  });
  after(async () => site.close());

  describe('with WebGPU', () => {
    let example: ExamplePage;
    before(async () => {
      example = await ExamplePage.launch(webgpuFlags);
    });
    after(async () => example.close());

    it('can be used while tfjs is still on its way', async () => {
      const {page} = example;
      let letThrough = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        letThrough = resolve;
      });
      await page.route(/engine.*\.js/, async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(site.url, {waitUntil: 'commit'});
      await page.check('input[value=inverted]');
      await page.check('input[value=rotated]');
      expect(await page.isChecked('input[value=rotated]')).to.equal(true);
      letThrough();
    });

    it('computes on WebGPU, and says so', async () => {
      expect(await example.textOnce('#backend', /Web/)).to.equal('WebGPU');
      expect(await example.page.isVisible('#notice')).to.equal(false);
    });

    it('adapts the classifier to images that it gets wrong', async () => {
      const before = await example.textOnce('#accuracy-before', figure);
      await example.page.fill('#passes', '1');
      await example.page.click('#adapt [type=submit]');
      const after = await example.textOnce('#accuracy-after', figure);
      expect(parseFloat(before)).to.be.below(10);
      expect(parseFloat(after)).to.be.above(20);
    });

    it('compresses it, layer by layer', async () => {
      const {page} = example;
      await page.evaluate(noteStatuses, '#compress');
      await page.click('#compress [type=submit]');
      await example.textOnce('#size', /kB/);
      const statuses = await page.evaluate(() => performance.getEntriesByType('mark').map(({name}) => name));
      for (const status of [
        /^Pruning conv2, layer \d of \d/m,
        /^Quantizing dense, layer 4 of 5/m,
        /^Correcting logits, layer 5 of 5/m,
      ]) {
        expect(statuses.join('\n')).to.match(status);
      }
      expect(parseFloat(await example.text('#size'))).to.be.below(8);
    });

    it('shows what compression did as plots', async () => {
      await example.page.waitForSelector('#plots svg');
      const figures = await example.page.locator('#plots .compress-title').allInnerTexts();
      expect(figures).to.include.members(['Accuracy', 'Size', 'Error of each layer', 'conv1', 'dense']);
      expect(await example.text('#plots table')).to.include('logits');
    });

    it('gives the report as a file', async () => {
      const [download] = await Promise.all([example.page.waitForEvent('download'), example.page.click('#download')]);
      expect(download.suggestedFilename()).to.equal('compression.html');
      expect(await download.failure()).to.equal(null);
    });

    it('says that the storage is full, and can still be used', async () => {
      const {page} = example;
      const {origin} = new URL(site.url);
      const devTools = await page.context().newCDPSession(page);
      await devTools.send('Storage.overrideQuotaForOrigin', {origin, quotaSize: 1000});
      await page.click('#save');
      await page.waitForSelector('#alert:not([hidden])');
      expect(await example.text('#alert p')).to.match(/no room/);
      await devTools.send('Storage.overrideQuotaForOrigin', {origin});
      await page.click('#alert button');
      await page.click('#next');
      await example.textOnce('#verdict', /right|labelled/);
    });

    it('saves the packed model, and after a reload predicts the same with it', async () => {
      await example.page.click('#save');
      await example.textOnce('#stored', /Saved.*300 of 300.*every probability is equal/);
      await example.page.reload();
      await example.page.click('#load');
      await example.textOnce('#stored', /Loaded: the packed model, 2 bits.*300 of 300.*every probability is equal/);
      expect(await example.textOnce('#by', /IndexedDB/)).to.include('2 bits');
    });

    it('leaves no tensor of a compression that was cancelled', async () => {
      await example.textOnce('#accuracy-before', figure);
      const before = await example.settledTensors();
      await example.page.evaluate(cancelAt, ['#compress', 'layer 2 of']);
      await example.page.click('#compress [type=submit]');
      await example.textOnce('#compress [role=status]', /^Cancelled\.$/);
      await example.textOnce('#tensors', new RegExp(`^${before}$`));
    });

    it('writes no error to the console', () => {
      expect(example.problems).to.deep.equal([]);
    });
  });

  describe('without WebGPU', () => {
    let example: ExamplePage;
    before(async () => {
      example = await ExamplePage.launch(['--headless', '--no-sandbox', '--disable-gpu']);
    });
    after(async () => example.close());

    it('says that it computes with WebAssembly, and adapts and compresses there', async () => {
      const {page} = example;
      await page.goto(site.url);
      expect(await example.textOnce('#notice', /WebGPU/)).to.include('WebAssembly');
      await page.fill('#passes', '2');
      await page.click('#adapt [type=submit]');
      expect(parseFloat(await example.textOnce('#accuracy-after', figure))).to.be.above(20);
      await page.fill('#bits', '0');
      await page.fill('#sparsity', '0');
      await page.click('#compress [type=submit]');
      expect(parseFloat(await example.textOnce('#size', /kB/))).to.be.below(6);
    });

    it('frees what a cancelled training used', async () => {
      const {page} = example;
      await page.check('input[value=none]'); // lets go of what was adapted
      await example.textOnce('#accuracy-before', figure);
      const before = await example.settledTensors();
      await page.fill('#passes', '12');
      await page.evaluate(cancelAt, ['#adapt', 'Step 2 ']);
      await page.click('#adapt [type=submit]');
      await example.textOnce('#adapt [role=status]', /Cancelled/);
      await example.textOnce('#tensors', new RegExp(`^${before}$`));
    });

    it('writes no error to the console', () => {
      expect(example.problems).to.deep.equal([]);
    });
  });
});

/**
 * In the page, where the job may be over before a question from here arrives: clicks on Cancel when the status of a
 * section has a text.
 */
function cancelAt([section, text]: readonly string[]): void {
  const status = document.querySelector(`${section} [role=status]`);
  if (!status) throw new Error(`expected ${section} to show how its job gets on`);
  new MutationObserver((_, observer) => {
    if (!status.textContent.includes(text)) return;
    observer.disconnect();
    document.querySelector<HTMLElement>(`${section} [data-cancel]`)?.click();
  }).observe(status, {childList: true});
}

/** In the page: keeps every status of a section as a mark. */
function noteStatuses(section: string): void {
  const status = document.querySelector(`${section} [role=status]`);
  if (!status) throw new Error(`expected ${section} to show how its job gets on`);
  new MutationObserver(() => {
    performance.mark(status.textContent);
  }).observe(status, {childList: true});
}
