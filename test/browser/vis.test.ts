import {memory} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {calibrate, compress, type Compression, evaluate, pack, spfqQuantize} from 'tfjs-compress';
import {reportPage, reportPlots} from 'tfjs-compress/plugins/vis';
import {onBackends} from '../support/backends/onBackends.ts';
import {denseNetwork, gaussianTensor} from '../support/models/smallNetworks.ts';

onBackends(['wasm'], () => {
  describe('plugins/vis in a page', () => {
    let network: LayersModel;
    let compression: Compression;
    let place: HTMLElement;
    before(async () => {
      network = denseNetwork();
      const x = gaussianTensor([96, 6], 1);
      compression = await lastValueFrom(
        compress(network).pipe(calibrate(x), spfqQuantize({bits: 2}), evaluate({xs: x}), pack()),
      );
      x.dispose();
      place = document.createElement('div');
      place.style.width = '500px';
      document.body.append(place);
    });
    after(() => {
      place.remove();
      compression.dispose();
      network.dispose();
    });

    it("makes figures with the page's document, which take up room", async () => {
      const {numTensors} = memory();
      const {summary, accuracy, size, errors, bits, histograms} = await reportPlots(compression, {width: 300});
      expect(memory().numTensors).to.equal(numTensors);
      const figures = [accuracy, size, errors, bits, ...histograms.map(({element}) => element)].flatMap((figure) =>
        figure ? [figure] : [],
      );
      expect(figures).to.have.length(6);
      place.append(summary, ...figures);
      for (const figure of figures) {
        expect(figure.ownerDocument).to.equal(document);
        for (const drawing of figure.querySelectorAll('svg')) {
          const {width, height} = drawing.getBoundingClientRect();
          expect(width).to.equal(300);
          expect(height).to.be.greaterThan(20);
        }
      }
      expect(summary.getBoundingClientRect().height).to.be.greaterThan(20);
    });

    it('writes no label beyond its drawing', async () => {
      const {size, errors, bits} = await reportPlots(compression, {width: 360});
      for (const figure of [size, errors, bits]) {
        if (!figure) continue;
        place.append(figure);
        for (const drawing of figure.querySelectorAll('svg')) {
          const {left, right} = drawing.getBoundingClientRect();
          for (const label of drawing.querySelectorAll('text')) {
            expect(label.getBoundingClientRect().left, label.textContent).to.be.at.least(left);
            expect(label.getBoundingClientRect().right, label.textContent).to.be.at.most(right);
          }
        }
      }
    });

    it('makes a page that stands alone', async () => {
      const html = await reportPage(compression, {title: 'A <b>report</b>'});
      const frame = document.createElement('iframe');
      frame.srcdoc = html;
      await new Promise((resolve) => {
        frame.addEventListener('load', resolve);
        place.append(frame);
      });
      const page = frame.contentDocument;
      expect(page?.title).to.equal('A <b>report</b>');
      expect(page?.compatMode).to.equal('CSS1Compat');
      expect(page?.querySelectorAll('figure')).to.have.length(6);
      expect(page?.documentElement.scrollWidth).to.equal(page?.documentElement.clientWidth);
      expect(page?.querySelectorAll('script, link')).to.have.length(0);
    });
  });
});
