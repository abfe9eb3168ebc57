import '@tensorflow/tfjs-backend-cpu';
import {copyFile, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {deflateSync} from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import jpeg from 'jpeg-js';
import {decodeImage} from '../../../../../plugins/node/cli/data/decodeImage.ts';
import {openInputs} from '../../../../../plugins/node/cli/data/openInputs.ts';
import {openLabelled} from '../../../../../plugins/node/cli/data/openLabelled.ts';
import type {ReadingOptions} from '../../../../../plugins/node/cli/data/readingOptions.ts';
import {onBackends} from '../../../../support/backends/onBackends.ts';
import {chunk, png, rawPng} from './pngFiles.ts';
import {readAll} from './readAll.ts';
import {refusal} from './refusal.ts';

const options: ReadingOptions = {samples: Infinity, range: [0, 1], seed: 1, onCorrupt: 'skip'};
const photos = 'node_modules/@vladmandic/face-api/demo';

const red = png(8, 8, () => [255, 0, 0, 255]);

describe('images on disk', () => {
  onBackends(['cpu'], () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    });
    afterEach(() => rm(folder, {recursive: true}));

    it('are found in all sub-folders, whatever the case of their names, in the order of their paths', async () => {
      await mkdir(join(folder, 'b/c'), {recursive: true});
      await writeFile(
        join(folder, 'b/c/2.PNG'),
        png(4, 4, () => [20, 0, 0, 255]),
      );
      await writeFile(join(folder, 'z.jpeg'), jpeg.encode({width: 4, height: 4, data: Buffer.alloc(64, 255)}, 90).data);
      await writeFile(
        join(folder, 'a.png'),
        png(4, 4, () => [10, 0, 0, 255]),
      );
      await writeFile(join(folder, 'notes.txt'), 'no image');
      const inputs = await openInputs(folder, [null, 4, 4, 3], {...options, range: [0, 255]});
      expect(inputs).to.include({
        count: 3,
        total: 3,
        description: '3 images (jpeg, png), 4×4×3, pixels 0…255 as 0…255, 1 other file ignored',
      });
      const [batch] = await readAll(inputs);
      expect(batch.shape).to.deep.equal([3, 4, 4, 3]);
      expect([0, 48, 96].map((at) => batch.values[at])).to.deep.equal([10, 20, 255]);
    });
    it('map 0 … 255 to the range', async () => {
      await writeFile(join(folder, 'red.png'), red);
      const [{values}] = await readAll(await openInputs(folder, [null, 2, 2, 3], {...options, range: [-1, 1]}));
      expect(values.slice(0, 3)).to.deep.equal([1, -1, -1]);
    });

    it(
      'are cut from the middle to the aspect of the model and resized as tf.image.resizeBilinear does with ' +
        'half-pixel centres',
      async () => {
        const content = png(301, 205, (y, x) => [(x * x + 3 * y) % 256, (x * y) % 256, (7 * x + y * y) % 256, 255]);
        await writeFile(join(folder, 'any.png'), content);
        const [{values}] = await readAll(await openInputs(folder, [null, 96, 64, 3], {...options, range: [0, 255]}));
        const expected = tf.tidy(() => {
          const whole = tf.slice(tf.tensor3d(decodeImage(content).rgba, [205, 301, 4]), [0, 0, 0], [-1, -1, 3]);
          return tf.image.resizeBilinear(tf.slice(whole, [0, 82, 0], [205, 136, 3]), [96, 64], false, true);
        });
        const reference = await expected.data();
        expected.dispose();
        const furthest = values.reduce((max, value, i) => Math.max(max, Math.abs(value - reference[i])), 0);
        expect(furthest).to.be.below(0.001);
      },
    );

    it('are cut out without scaling where the model takes any size, and resized where they are too small', async () => {
      await writeFile(
        join(folder, 'large.png'),
        png(12, 10, (y, x) => [y, x, 0, 255]),
      );
      await writeFile(
        join(folder, 'small.png'),
        png(3, 3, () => [7, 7, 7, 255]),
      );
      const inputs = await openInputs(folder, [null, null, null, 3], {...options, range: [0, 255], size: [4, 6]});
      expect(inputs.description).to.contain('4×6×3 from their middle');
      const [{values}] = await readAll(inputs);
      expect(values.slice(0, 6)).to.deep.equal([3, 3, 0, 3, 4, 0]);
      expect(values.slice(72)).to.deep.equal(Array<number>(72).fill(7));
      const [batch] = await readAll(await openInputs(folder, [null, null, null, 3], options));
      expect(batch.shape).to.deep.equal([2, 128, 128, 3]);
    });

    it('become luminance for grey models, and grey is repeated for colour models', async () => {
      await writeFile(join(folder, 'a.png'), red);
      await writeFile(
        join(folder, 'b.png'),
        png(8, 8, () => [51, 51, 51, 255], {colorType: 0}),
      );
      const [grey] = await readAll(await openInputs(folder, [null, 1, 1, 1], {...options, range: [0, 255]}));
      expect(grey.values[0]).to.be.closeTo(0.299 * 255, 1e-3);
      expect(grey.values[1]).to.be.closeTo(51, 1e-3);
      const [colour] = await readAll(await openInputs(folder, [null, 1, 1, 3], {...options, range: [0, 255]}));
      expect(colour.values).to.deep.equal([255, 0, 0, 51, 51, 51]);
    });

    it(
      'of 16 bits, with a palette, interlaced, or transparent are decoded; ' + 'what is transparent lies on white',
      async () => {
        await writeFile(join(folder, '1.png'), rawPng([1, 1], [16, 0, 0], Uint8Array.of(0, 0x80, 0x80)));
        await writeFile(
          join(folder, '2.png'),
          rawPng([2, 1], [8, 3, 0], Uint8Array.of(0, 1, 1), chunk('PLTE', Uint8Array.of(1, 2, 3, 40, 50, 60))),
        );
        await writeFile(join(folder, '3.png'), rawPng([2, 2], [8, 0, 1], Uint8Array.of(0, 9, 0, 9, 0, 9, 9)));
        await writeFile(
          join(folder, '4.png'),
          png(1, 1, () => [0, 0, 255, 51]),
        );
        const inputs = await openInputs(folder, [null, 1, 1, 3], {...options, range: [0, 255], onCorrupt: 'refuse'});
        const [{values}] = await readAll(inputs);
        expect(values.map(Math.round)).to.deep.equal([128, 128, 128, 40, 50, 60, 9, 9, 9, 204, 204, 255]);
      },
    );

    it('beyond `samples` are chosen at random, the same ones for the same seed, and read in order', async () => {
      for (let i = 0; i < 20; i++)
        await writeFile(
          join(folder, `${String(i).padStart(2, '0')}.png`),
          png(1, 1, () => [i, i, i, 255]),
        );
      const chosen = async (seed: number): Promise<readonly number[]> =>
        (await openInputs(folder, [null, 1, 1, 1], {...options, samples: 5, seed})).chosen;
      const first = await chosen(1);
      expect(first).to.have.length(5);
      expect([...first].sort((a, b) => a - b)).to.deep.equal(first);
      expect(await chosen(1)).to.deep.equal(first);
      expect(await chosen(2)).not.to.deep.equal(first);
      const inputs = await openInputs(folder, [null, 1, 1, 1], {...options, range: [0, 255], samples: 5});
      const [{values}] = await readAll(inputs);
      expect(values.map(Math.round)).to.deep.equal(first);
      expect(inputs.description).to.contain('5 images (png) at random of 20');
    });

    it('may be read as often as needed, with the same values', async () => {
      for (const i of [1, 2]) await copyFile(join(photos, `sample${i}.jpg`), join(folder, `${i}.jpg`));
      const inputs = await openInputs(folder, [null, 32, 32, 3], options);
      expect(inputs.count).to.equal(2);
      expect(await readAll(inputs)).to.deep.equal(await readAll(inputs));
    });

    describe('that are damaged', () => {
      it('are left out and named, and others taken instead', async () => {
        for (let i = 0; i < 8; i++) await writeFile(join(folder, `${i}.png`), red);
        await writeFile(join(folder, '8.png'), red.subarray(0, red.length - 20));
        await writeFile(
          join(folder, '9.jpg'),
          jpeg.encode({width: 64, height: 64, data: Buffer.alloc(4 * 64 * 64, 7)}, 90).data.subarray(0, 500),
        );
        await writeFile(join(folder, 'empty.png'), '');
        const inputs = await openInputs(folder, [null, 4, 4, 3], {...options, samples: 8});
        expect(inputs.count).to.equal(8);
        const all = await openInputs(folder, [null, 4, 4, 3], options);
        expect(all.skipped.map(({file}) => file)).to.deep.equal(['8.png', '9.jpg', 'empty.png']);
        expect(all.skipped[0].reason).to.contain('8.png: expected a jpeg or png image, got a damaged one');
        expect(all.description).to.contain('3 damaged');
        expect(all.chosen).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
      });

      it('are an error with onCorrupt: refuse, and where none is whole', async () => {
        await writeFile(join(folder, 'a.png'), 'GIF89a');
        const open = (onCorrupt: 'skip' | 'refuse'): Promise<unknown> =>
          openInputs(folder, [null, 4, 4, 3], {...options, onCorrupt});
        expect(await refusal(open('refuse'))).to.match(
          /a\.png: .*got a damaged one \(neither jpeg nor png by its first/,
        );
        expect(await refusal(open('skip'))).to.match(
          /expected images that decode, got 1 that do not, the first: .*a\.png/,
        );
      });

      it('or say that they are huge are refused before anything is allocated', async () => {
        const rows = deflateSync(Buffer.alloc(1000));
        await writeFile(join(folder, 'large.png'), rawPng([60000, 60000], [8, 2, 0], rows));
        await writeFile(join(folder, 'short.png'), rawPng([9000, 9000], [16, 6, 0], rows));
        await writeFile(join(folder, 'bomb.png'), rawPng([4, 4], [8, 0, 1], Buffer.alloc(5e7)));
        const image = jpeg.encode({width: 8, height: 8, data: Buffer.alloc(256)}, 90).data;
        const frame = image.indexOf(Buffer.of(0xff, 0xc0));
        image.writeUInt16BE(60000, frame + 5);
        image.writeUInt16BE(60000, frame + 7);
        await writeFile(join(folder, 'large.jpg'), image);
        await writeFile(join(folder, 'right.png'), red);
        const {skipped} = await openInputs(folder, [null, 4, 4, 3], options);
        expect(skipped.map(({file}) => file)).to.deep.equal(['bomb.png', 'large.jpg', 'large.png', 'short.png']);
        expect(skipped[2].reason).to.contain('60000×60000 pixels, more than 100 million');
        expect(skipped[3].reason).to.contain('truncated');
      });
    });

    it('where there are none, the error says what there is', async () => {
      expect(await refusal(openInputs(folder, [null, 4, 4, 3], options))).to.contain(
        'expected images (.jpg, .jpeg, .png), got an empty folder',
      );
      await writeFile(join(folder, 'x.npy'), '');
      await writeFile(join(folder, 'y.txt'), '');
      expect(await refusal(openInputs(folder, [null, 4, 4, 3], options))).to.contain(
        'got 2 other files (.npy, .txt); name the file itself',
      );
    });

    it('for a model that takes none, or of a path that is not there, are an error', async () => {
      await writeFile(join(folder, 'red.png'), red);
      expect(await refusal(openInputs(folder, [null, 784], options))).to.match(
        /expected a model that takes images.*got one that takes \[batch, 784\]; give its inputs as a \.npy file/,
      );
      expect(await refusal(openInputs(join(folder, 'red.png'), [null, 4, 4, 3], options))).to.contain(
        'put images into a folder and name that',
      );
      expect(await refusal(openInputs(join(folder, 'nowhere'), [null, 4, 4, 3], options))).to.match(
        /nowhere: expected a folder of images, a \.npy or an idx file, got nothing/,
      );
    });

    it('in folders of classes have the numbers of their folders as labels', async () => {
      for (const name of ['dog', 'cat']) {
        await mkdir(join(folder, name));
        for (const i of [0, 1]) await writeFile(join(folder, name, `${i}.png`), red);
      }
      await writeFile(join(folder, 'cat/broken.png'), 'x');
      const {inputs, labels, classNames} = await openLabelled(folder, [null, 4, 4, 3], 2, options);
      expect([...labels]).to.deep.equal([0, 0, 1, 1]);
      expect(classNames).to.deep.equal(['cat', 'dog']);
      expect(inputs.skipped.map(({file}) => file)).to.deep.equal(['cat/broken.png']);
      expect(await refusal(openLabelled(folder, [null, 4, 4, 3], 10, options))).to.contain(
        'expected 10 folders, one for each class of the model, got 2 (cat, dog)',
      );
      await writeFile(join(folder, 'stray.png'), red);
      expect(await refusal(openLabelled(folder, [null, 4, 4, 3], 2, options))).to.contain('got stray.png beside them');
    });
  });
});
