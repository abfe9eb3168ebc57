import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {type LayersModel, loadLayersModel} from '@tensorflow/tfjs-layers';
import {expect} from 'chai';
import {ArtifactError, loadPacked} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {onBackends} from '../support/backends/onBackends.ts';
import {bitsOf, packedModel, packings} from '../support/models/smallPackedModels.ts';

const HALF = packings['dense layers, two bits, half of them pruned'];

describe('loadPacked', () => {
  onBackends(['cpu'], () => {
    let model: LayersModel;
    before(async () => {
      model = await packedModel(HALF);
    });
    after(() => {
      model.dispose();
    });

    describe('from files', () => {
      let folder: string;
      let url: string;
      const server = createServer((request, response) => {
        readFile(join(folder, (request.url ?? '').replace('/packed/', ''))).then(
          (file) => response.end(file),
          () => response.writeHead(404).end('<html>Not found</html>'),
        );
      });
      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
        await model.save(fileHandler(folder, {shardBytes: 24}));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/packed/`;
      });
      after(async () => {
        server.close();
        await rm(folder, {recursive: true});
      });

      it('loads several shards over http, and so does tfjs', async () => {
        for (const load of [loadPacked, loadLayersModel]) {
          const loaded = await load(`${url}model.json`);
          expect(await bitsOf(loaded)).to.deep.equal(await bitsOf(model));
          loaded.dispose();
        }
      });

      it('says of a page in HTML that it is no model, with the address', async () => {
        await writeFile(join(folder, 'page.json'), '<html>Welcome</html>');
        const error: unknown = await loadPacked(`${url}page.json`).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(ArtifactError);
        expect(String(error)).to.include(
          `loadPacked: '${url}page.json': expected a model.json and its weights, got: Failed to parse model JSON`,
        );
      });

      it('says of an address where nothing is that nothing is there', async () => {
        expect(String(await loadPacked(`${url}none.json`).catch((reason: unknown) => reason))).to.match(
          /ArtifactError: loadPacked: .*none\.json': .*status code 404.*is there a model at this place\?/,
        );
      });

      it('says of a missing shard, in whose place the server sends a page, at which weight the file ends', async () => {
        const [, second] = (await readdir(folder)).filter((name) => name.startsWith('weights-')).sort();
        await rm(join(folder, second));
        expect(String(await loadPacked(`${url}model.json`).catch((reason: unknown) => reason))).to.match(
          /ArtifactError: .* weight 'scores\/\w+': .* a file of weights is cut off or missing/,
        );
      });

      it('is asked for by the error of tfjs where a program does not know packed layers', async () => {
        await model.save(fileHandler(folder));
        const {stdout} = await promisify(execFile)(process.execPath, [
          '--import',
          'tsx',
          '--input-type=module',
          '--eval',
          `
          import '@tensorflow/tfjs-backend-cpu';
          import {loadLayersModel} from '@tensorflow/tfjs-layers';
          import {fileHandler} from 'tfjs-compress/plugins/node';
          await loadLayersModel(fileHandler(${JSON.stringify(folder)})).catch((error) => console.log(error.message));`,
        ]);
        expect(stdout).to.match(/Unknown layer: Packed \(registerPacked\(\) of tfjs-compress\)/);
      });
    });
  });
});
