import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect} from 'chai';
import {openLabels} from '../../../../../plugins/node/cli/data/openLabels.ts';
import {bytesOf, idx, npy} from './arrayFiles.ts';
import {refusal} from './refusal.ts';

describe('labels on disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
  });
  afterEach(() => rm(folder, {recursive: true}));

  async function labels(content: string | Uint8Array, classes = 10): Promise<number[]> {
    const path = join(folder, 'labels');
    await writeFile(path, content);
    return [...(await openLabels(path, classes))];
  }

  it('are read from idx, gzipped or not, from .npy of integers, and from texts', async () => {
    const expected = [3, 0, 9];
    expect(await labels(idx(0x08, [3], Uint8Array.from(expected)))).to.deep.equal(expected);
    expect(await labels(npy('<i8', [3], bytesOf('i8', expected, true)))).to.deep.equal(expected);
    expect(await labels(npy('<i4', [3, 1], bytesOf('i4', expected, true)))).to.deep.equal(expected);
    expect(await labels('3\n0\r\n 9\n\n')).to.deep.equal(expected);
    expect(await openLabels('examples/data/t10k-labels-idx1-ubyte.gz', 10)).to.have.length(2000);
  });

  it('that no class has, or that are no integers, are refused with their place', async () => {
    expect(await refusal(labels('3\n10\n'))).to.contain(
      'expected class numbers from 0 to 9, as many as the model has outputs, got 10 for sample 1',
    );
    expect(await refusal(labels('label\n3\n'))).to.contain("got 'label' on line 1");
    expect(await refusal(labels('1\n\n3\n'))).to.contain("got '' on line 2");
    expect(await refusal(labels(''))).to.contain("got '' on line 1");
    expect(await refusal(labels(npy('<i2', [1], bytesOf('i2', [-1], true))))).to.contain('got -1 for sample 0');
    expect(await refusal(labels(npy('<f4', [1], bytesOf('f4', [1], true))))).to.contain(
      'expected integers [samples], got [1] of float32',
    );
    expect(await refusal(labels(npy('<i2', [1, 2], bytesOf('i2', [0, 1], true))))).to.contain('got [1, 2] of int16');
    expect(await refusal(openLabels(join(folder, 'nowhere'), 10))).to.contain(
      'expected labels, got nothing that can be read',
    );
    expect(await refusal(openLabels(folder, 10))).to.contain('got a folder');
  });
});
