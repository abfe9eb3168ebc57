import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {ones} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {lastValueFrom} from 'rxjs';
import {ArtifactError, calibrate, compressGraph, OptionError, pack, registerGraph, rtnQuantize} from 'tfjs-compress';
import {fileHandler} from 'tfjs-compress/plugins/node';
import {GraphSegment} from '../../../src/converted/segments/graphSegment.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {convGraph, graphModel} from '../../support/models/graphs.ts';
import {gaussianTensor, predictionsOf} from '../../support/models/smallNetworks.ts';

const program = (folder: string, before: string): string => `
  import * as tf from '@tensorflow/tfjs';
  import {loadPacked, registerGraph} from './src/index.ts';
  import {fileHandler} from './plugins/node/index.ts';
  ${before}
  const model = await loadPacked(fileHandler('${folder}')).catch((error) => error);
  const predictions = () => Array.from(model.predict(tf.ones([1, 8, 8, 2])).dataSync());
  console.log(JSON.stringify(model instanceof Error ? model.message : predictions()));`;

async function printed(code: string): Promise<unknown> {
  const {stdout} = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '--eval',
    code,
  ]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

onBackends(['cpu'], () => {
  describe('registerGraph(tf.GraphModel)', () => {
    it('lets another program load a packed graph', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tfjs-compress-'));
      const graph = await graphModel(convGraph());
      const [x, one] = [gaussianTensor([16, 8, 8, 2], 1), ones([1, 8, 8, 2])];
      const compression = await lastValueFrom(compressGraph(graph).pipe(calibrate(x), rtnQuantize({bits: 4}), pack()));
      await compression.model.save(fileHandler(folder));
      const expected = await predictionsOf(compression.model, one);
      expect(await printed(program(folder, ''))).to.match(/registerGraph\(tf\.GraphModel\)/);
      const found = (await printed(program(folder, 'registerGraph(tf.GraphModel);'))) as number[];
      expect(found).to.have.length(3);
      found.forEach((value, i) => {
        expect(value).to.be.closeTo(expected[i], 1e-6);
      });
      [x, one, graph, compression].forEach((item) => {
        item.dispose();
      });
      await rm(folder, {recursive: true});
    });

    it('takes a class only', () => {
      expect(() => {
        registerGraph('tf.GraphModel' as never);
      }).to.throw(
        OptionError,
        "registerGraph: expected `graphModelClass` to be the class tf.GraphModel, got 'tf.GraphModel'",
      );
    });

    it('a part that a file describes otherwise is refused', () => {
      for (const text of ['{', '{}', '[]', 'null', '3']) {
        expect(() => new GraphSegment({name: 'part', program: {name: text}})).to.throw(
          ArtifactError,
          "layer 'part': expected part of a graph as JSON, found something else; save the model again",
        );
      }
    });
  });
});
