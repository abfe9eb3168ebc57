import '@tensorflow/tfjs-backend-cpu';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {expect} from 'chai';
import fc from 'fast-check';
import {DataError} from 'tfjs-compress';
import {openInputs} from '../../../../../plugins/node/cli/data/openInputs.ts';
import {openLabels} from '../../../../../plugins/node/cli/data/openLabels.ts';
import type {ReadingOptions} from '../../../../../plugins/node/cli/data/readingOptions.ts';
import {onBackends} from '../../../../support/backends/onBackends.ts';
import {bytesOf, idx, npy} from './arrayFiles.ts';
import {readAll} from './readAll.ts';

const options: ReadingOptions = {samples: 100, range: [0, 1], seed: 1, onCorrupt: 'skip'};
const whole = [
  npy('<f4', [4, 2], bytesOf('f4', [1, 2, 3, 4, 5, 6, 7, 8], true)),
  npy('>i2', [4, 2], bytesOf('i2', [1, 2, 3, 4, 5, 6, 7, 8], false), {version: 2, fortran: true}),
  idx(0x0c, [4, 2], bytesOf('i4', [1, 2, 3, 4, 5, 6, 7, 8], false)),
  gzipSync(idx(0x08, [4, 2], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))),
] as const;

describe('damaged arrays on disk', () => {
  onBackends(['cpu'], () => {
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
    });
    after(() => rm(folder, {recursive: true}));

    async function isReadOrRefused(content: Uint8Array): Promise<void> {
      const path = join(folder, 'damaged');
      await writeFile(path, content);
      for (const reading of [() => openInputs(path, [null, null], options).then(readAll), () => openLabels(path, 10)]) {
        const outcome: unknown = await reading().catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome, outcome.stack).to.be.instanceOf(DataError);
      }
    }

    it('are read as they say or refused by a DataError, whatever bytes were changed', () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...whole),
          fc.array(fc.tuple(fc.nat(), fc.integer({min: 0, max: 255})), {minLength: 1, maxLength: 4}),
          async (content, changes) => {
            const damaged = Buffer.from(content);
            for (const [at, byte] of changes) damaged[at % damaged.length] = byte;
            await isReadOrRefused(damaged);
          },
        ),
        {numRuns: 1000},
      ));

    it('are read as they say or refused by a DataError, wherever they are cut', async () => {
      for (const content of whole) {
        for (let length = 0; length < content.length; length++) await isReadOrRefused(content.subarray(0, length));
      }
    });

    it('are read as they say or refused by a DataError, whatever their headers say', () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom('<f4', '|u1', '<i8', '>f8', '|O', '<f3', '=f4'),
          fc.array(fc.oneof(fc.nat(3), fc.maxSafeNat()), {maxLength: 5}),
          fc.boolean(),
          fc.uint8Array({maxLength: 64}),
          async (type, shape, fortran, numbers) => isReadOrRefused(npy(type, shape, numbers, {fortran})),
        ),
        {numRuns: 500},
      ));
  });
});
