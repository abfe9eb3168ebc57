import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {compileFunction} from 'node:vm';
import type {layers} from '@tensorflow/tfjs-layers';
import {build, type Plugin} from 'esbuild';

/** Arguments of an EinsumDense, as tfjs documents them. */
export interface EinsumDenseArgs {
  readonly name?: string;
  readonly equation: string;
  readonly outputShape: number | ReadonlyArray<number | null>;
  readonly biasAxes?: string;
  readonly activation?: string;
}

/** Arguments of a MultiHeadAttention. */
export interface MultiHeadAttentionArgs {
  readonly name?: string;
  readonly numHeads: number;
  readonly keyDim: number;
}

/** Layers that tfjs-layers 4.22 has and does not export: only bundlers reach them. */
export interface AttentionLayers {
  readonly EinsumDense: new (args: EinsumDenseArgs) => layers.Layer;
  readonly MultiHeadAttention: new (args: MultiHeadAttentionArgs) => layers.Layer;
}

const require = createRequire(import.meta.url);
const LAYERS = dirname(require.resolve('@tensorflow/tfjs-layers'));

/**
 * tfjs's own files, bundled onto the one tfjs-layers that Node has: its `Layer` is the one that models know. Loading
 * registers the classes.
 */
export async function attentionLayers(): Promise<AttentionLayers> {
  const {outputFiles} = await build({
    stdin: {
      contents:
        "export {EinsumDense} from './layers/nlp/einsum_dense.js'; export {MultiHeadAttention} from " +
        "'./layers/nlp/multihead_attention.js';",
      resolveDir: LAYERS,
    },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
    external: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers'],
    plugins: [oneTopology],
  });
  const loaded = {exports: {}};
  const run = compileFunction(outputFiles[0].text, ['module', 'exports', 'require']) as (
    module: object,
    exports: object,
    requires: typeof require,
  ) => void;
  run(loaded, loaded.exports, require);
  return loaded.exports as AttentionLayers;
}

/**
 * Every import of `engine/topology` gets what tfjs-layers exports of it; and no chained ops, which would have to be
 * added to the tensors of all tests.
 */
const oneTopology: Plugin = {
  name: 'one topology',
  setup(builder) {
    builder.onResolve({filter: /engine\/topology$/}, () => ({path: join(LAYERS, 'topology'), namespace: 'one'}));
    builder.onLoad({filter: /.*/, namespace: 'one'}, () => ({
      contents:
        "const {layers, InputSpec, SymbolicTensor} = require('@tensorflow/tfjs-layers'); module.exports = " +
        '{Layer: layers.Layer, InputSpec, SymbolicTensor};',
      resolveDir: LAYERS,
    }));
    builder.onLoad({filter: /einsum_dense\.js$/}, async ({path}) => ({
      contents: (await readFile(path, 'utf8'))
        .replace('import { einsum,', 'import { add, einsum,')
        .replace('ret.add(', 'add(ret, '),
    }));
  },
};
