import {mkdir, rename, rm, writeFile} from 'node:fs/promises';
import {expect} from 'chai';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {contentOf, temporaryFolder} from '../cli/temporaryFolder.ts';

describe('fileHandler, killed while it saves', () => {
  const at = temporaryFolder();

  /** The states that a save over `old` passes through, by the files that have come to their places. */
  const renamed = [
    [],
    ['old model.json aside'],
    ['old model.json aside', 'old weights.bin aside'],
    ['old model.json aside', 'old weights.bin aside', 'weights.bin'],
  ] as const;
  for (const done of renamed) {
    const expected = done.length === 0 ? 'old' : 'new';
    it(`the next load finds the ${expected} model after: ${['writing', ...done].join(', ')}`, async () => {
      await saved('old', 'out');
      await saved('new', 'fresh');
      for (const name of ['weights.bin', 'model.json']) await rename(at(`fresh/${name}`), at(`out/${name}.partial`));
      for (const step of done) {
        const [, name] = /(\S+)(?: aside)?$/.exec(step.replace(' aside', '')) ?? [];
        if (step.startsWith('old')) await rename(at(`out/${name}`), at(`out/${name}.replaced`));
        else await rename(at(`out/${name}.partial`), at(`out/${name}`));
      }
      expect(await loaded('out')).to.equal(expected);
      if (done.length > 0)
        expect(Object.keys(await contentOf(at('out')))).to.deep.equal(['/model.json', '/weights.bin']);
    });
  }

  it('a model.json that was not written to its end is no model', async () => {
    await mkdir(at('half'), {recursive: true});
    await writeFile(at('half/model.json.partial'), '{"modelTopology": {}, "weights');
    let message = '';
    await fileHandler(at('half'))
      .load?.()
      .catch((error: unknown) => (message = String(error)));
    expect(message).to.match(/^ArtifactError: expected a model\.json that can be read, got: ENOENT/);
  });

  it('what cannot be put in its place leaves the earlier model', async () => {
    await saved('old', 'kept');
    await mkdir(at('kept/weights-2-of-2.bin/full'), {recursive: true});
    await mkdir(at('kept/weights-2-of-2.bin.replaced/full'), {recursive: true});
    let message = '';
    await fileHandler(at('kept'), {shardBytes: 2})
      .save?.({modelTopology: {}, weightSpecs: specs(3), weightData: new Uint8Array(3).buffer})
      .catch((error: unknown) => (message = String(error)));
    expect(message).to.match(/ENOTEMPTY|EISDIR|EEXIST|directory/);
    expect(await loaded('kept')).to.equal('old');
  });

  async function saved(text: string, folder: string): Promise<void> {
    await rm(at(folder), {recursive: true, force: true});
    const weightData = new Uint8Array(Buffer.from(text)).buffer;
    await fileHandler(at(folder)).save?.({modelTopology: {}, weightSpecs: specs(text.length), weightData});
  }

  async function loaded(folder: string): Promise<string> {
    const {weightData} = (await fileHandler(at(folder)).load?.()) ?? {};
    return Buffer.from(weightData as ArrayBuffer).toString();
  }
});

function specs(length: number): {name: string; shape: number[]; dtype: 'bool'}[] {
  return [{name: 'w', shape: [length], dtype: 'bool'}];
}
