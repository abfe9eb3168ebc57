import '@tensorflow/tfjs-backend-cpu';
import {mkdtemp, open, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {expect} from 'chai';
import {openInputs} from '../../../../../plugins/node/cli/data/openInputs.ts';
import type {ReadingOptions} from '../../../../../plugins/node/cli/data/readingOptions.ts';
import {onBackends} from '../../../../support/backends/onBackends.ts';
import {bytesOf, idx, npy} from './arrayFiles.ts';
import {readAll} from './readAll.ts';
import {refusal} from './refusal.ts';

const options: ReadingOptions = {samples: Infinity, range: [0, 1], seed: 1, onCorrupt: 'skip'};

describe('arrays on disk', () => {
  onBackends(['cpu'], () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    });
    afterEach(() => rm(folder, {recursive: true}));

    async function opened(
      content: Uint8Array,
      inputShape: readonly (number | null)[],
      more: Partial<ReadingOptions> = {},
    ): ReturnType<typeof openInputs> {
      const path = join(folder, 'inputs');
      await writeFile(path, content);
      return openInputs(path, inputShape, {...options, ...more});
    }

    async function valuesOf(
      content: Uint8Array,
      inputShape: readonly (number | null)[],
      more: Partial<ReadingOptions> = {},
    ): Promise<number[]> {
      return (await readAll(await opened(content, inputShape, more))).flatMap(({values}) => values);
    }

    const signed = [-2, 1, 0, 3];
    for (const [type, numbers] of [
      ['i1', signed],
      ['i2', signed],
      ['i4', signed],
      ['i8', signed],
      ['f2', [-0.5, 2 ** -24, 65504, Infinity]],
      ['f4', [-0.1, 1, 2, 3].map(Math.fround)],
      ['f8', [-0.25, 1, 2, 3]],
      ['b1', [0, 1, 1, 0]],
      ['u2', [0, 1, 2, 65535]],
      ['u4', [0, 1, 2, 2 ** 24]],
      ['u8', [0, 1, 2, 2 ** 30]],
    ] as const) {
      for (const order of type.endsWith('1') ? (['|'] as const) : (['<', '>'] as const)) {
        it(`.npy of ${order}${type} are taken as they are`, async () => {
          expect(
            await valuesOf(npy(`${order}${type}`, [2, 2], bytesOf(type, numbers, order !== '>')), [null, 2]),
          ).to.deep.equal([...numbers]);
        });
      }
    }

    it('.npy of |u1 are pixels', async () => {
      const content = npy('|u1', [2, 2], Uint8Array.of(0, 255, 51, 102));
      const inputs = await opened(content, [null, 2], {range: [-1, 1]});
      expect(inputs.description).to.equal('2 samples, 2 of uint8, pixels 0…255 as -1…1');
      expect((await readAll(inputs))[0].values.map((value) => Math.round(value * 10) / 10)).to.deep.equal([
        -1, 1, -0.6, -0.2,
      ]);
    });

    it('.npy of versions 1, 2 and 3, and gzipped, are the same', async () => {
      const numbers = bytesOf('f4', [1, 2, 3, 4], true);
      for (const version of [1, 2, 3] as const)
        expect(await valuesOf(npy('<f4', [2, 2], numbers, {version}), [null, 2])).to.deep.equal([1, 2, 3, 4]);
      expect(await valuesOf(gzipSync(npy('<f4', [2, 2], numbers)), [null, 2])).to.deep.equal([1, 2, 3, 4]);
    });

    it('.npy in Fortran order give the same samples as in C order', async () => {
      const shape = [3, 2, 4, 5];
      const value = (n: number, y: number, x: number, c: number): number => n * 1000 + y * 100 + x * 10 + c;
      const ordered: number[] = [];
      const fortran: number[] = [];
      for (let n = 0; n < 3; n++)
        for (let y = 0; y < 2; y++)
          for (let x = 0; x < 4; x++) for (let c = 0; c < 5; c++) ordered.push(value(n, y, x, c));
      for (let c = 0; c < 5; c++)
        for (let x = 0; x < 4; x++)
          for (let y = 0; y < 2; y++) for (let n = 0; n < 3; n++) fortran.push(value(n, y, x, c));
      expect(await valuesOf(npy('<i2', shape, bytesOf('i2', ordered, true)), [null, 2, 4, 5])).to.deep.equal(ordered);
      expect(
        await valuesOf(npy('<i2', shape, bytesOf('i2', fortran, true), {fortran: true}), [null, 2, 4, 5]),
      ).to.deep.equal(ordered);
    });

    it('idx of all types are read', async () => {
      for (const [code, type] of [
        [0x09, 'i1'],
        [0x0b, 'i2'],
        [0x0c, 'i4'],
        [0x0d, 'f4'],
        [0x0e, 'f8'],
      ] as const) {
        expect(await valuesOf(idx(code, [2, 2], bytesOf(type, signed, false)), [null, 2])).to.deep.equal(signed);
      }
      expect(await valuesOf(gzipSync(idx(0x08, [1, 2], Uint8Array.of(0, 255))), [null, 2])).to.deep.equal([0, 1]);
    });

    it('the images of Fashion-MNIST, idx.gz of 28×28, fit a model of 28×28×1 and one of vectors', async () => {
      const path = 'examples/data/t10k-images-idx3-ubyte.gz';
      const inputs = await openInputs(path, [null, 28, 28, 1], {...options, samples: 40});
      expect(inputs).to.include({
        count: 40,
        total: 2000,
        description: '40 samples at random of 2000, 28×28×1 of uint8, pixels 0…255 as 0…1',
      });
      const batches = await readAll(inputs);
      expect(batches.map(({shape}) => shape)).to.deep.equal([
        [32, 28, 28, 1],
        [8, 28, 28, 1],
      ]);
      expect(Math.max(...batches.flatMap(({values}) => values))).to.equal(1);
      expect((await openInputs(path, [null, 784], options)).description).to.contain('2000 samples, 784 of uint8');
    });

    it('files larger than what is held in memory are read sample by sample', async () => {
      const shape = [70000, 1024];
      const head = npy('<f4', shape, new Uint8Array(0));
      const path = join(folder, 'large.npy');
      const file = await open(path, 'w');
      await file.write(head);
      await file.write(bytesOf('f4', [7], true), 0, 4, head.length + 4 * 1024 * 69999);
      await file.truncate(head.length + 4 * 70000 * 1024);
      await file.close();
      const inputs = await openInputs(path, [null, 1024], {...options, samples: 3});
      expect((await readAll(inputs))[0].shape).to.deep.equal([3, 1024]);
      const before = process.memoryUsage().arrayBuffers;
      const last = await openInputs(path, [null, 1024], {...options, samples: 69999});
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 24);
      expect(last.count).to.equal(69999);
    });

    describe('are refused', () => {
      const numbers = bytesOf('f4', [1, 2, 3, 4], true);
      const refused: readonly (readonly [
        name: string,
        content: Uint8Array,
        shape: readonly (number | null)[],
        message: RegExp,
      ])[] = [
        [
          'cut off',
          npy('<f4', [2, 2], numbers.subarray(0, 15)),
          [null, 2],
          /expected \d+ bytes, as its header \[2, 2\] of float32 says, got \d+; it is cut off/,
        ],
        ['with more behind them', npy('<f4', [1, 2], numbers), [null, 2], /it has more than one array/],
        ['idx cut off', idx(0x0d, [2, 2], numbers.subarray(1)), [null, 2], /it is cut off/],
        ['of a shape beyond all memory', npy('<f4', [2 ** 40, 2 ** 40, 2 ** 50], numbers), [null, 2], /it is cut off/],
        [
          'gzipped and beyond all memory',
          gzipSync(npy('<f4', [2 ** 40, 2], numbers)),
          [null, 2],
          /expected at most 1073741824 bytes unpacked/,
        ],
        [
          'gzipped and cut off',
          gzipSync(npy('<f4', [2, 2], numbers)).subarray(0, -12),
          [null, 2],
          /does not unpack to that/,
        ],
        [
          'gzipped bombs',
          gzipSync(Buffer.concat([npy('<f4', [2, 2], numbers), Buffer.alloc(1e7)])),
          [null, 2],
          /does not unpack to that/,
        ],
        ['of objects', npy('|O', [2], new Uint8Array(16)), [null, 2], /elements of type '\|O'; numbers are wanted/],
        ['of texts', npy('<U3', [2], new Uint8Array(24)), [null, 2], /elements of type '<U3'/],
        ['of complex numbers', npy('<c8', [2], new Uint8Array(16)), [null, 2], /elements of type '<c8'/],
        [
          'of an unknown version',
          npy('<f4', [2, 2], numbers, {version: 4}),
          [null, 2],
          /version 4 of the \.npy format; 1, 2 and 3 are known/,
        ],
        [
          'of one number',
          npy('<f4', [], numbers.subarray(0, 4)),
          [null, 2],
          /expected samples along the first axis, got a single number/,
        ],
        ['without samples', npy('<f4', [0, 2], new Uint8Array(0)), [null, 2], /got an empty array \[0, 2\]/],
        [
          'of another shape than the model takes',
          npy('<f4', [2, 2], numbers),
          [null, 28, 28, 1],
          /expected samples of shape \[28, 28, 1\] as the model takes them, .*, got \[2, 2\]; reshape/,
        ],
        [
          'in an archive',
          Buffer.from('PK\x03\x04 and more'),
          [null, 2],
          /got an archive \(\.npz, \.zip\); save the array alone/,
        ],
        ['of an unknown idx type', idx(0x0a, [2], new Uint8Array(2)), [null, 2], /type 0x0a of the idx format/],
        ['that are a web page', Buffer.from('<!doctype html>'), [null, 2], /got another file/],
        ['that are empty', new Uint8Array(0), [null, 2], /got another file/],
      ];
      for (const [name, content, shape, message] of refused) {
        it(name, async () => expect(await refusal(opened(content, shape))).to.match(message));
      }

      it('of integers that no number holds', async () => {
        const inputs = await opened(npy('<i8', [1, 1], Buffer.from('ffffffffffffff7f', 'hex')), [null, 1]);
        expect(await refusal(readAll(inputs))).to.contain('expected integers up to 2⁵³, got larger ones of int64');
      });
    });
  });
});
