import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {depthwiseProgram} from '../../../plugins/webgpu/packed/depthwiseProgram.ts';
import {gatherProgram} from '../../../plugins/webgpu/packed/gatherProgram.ts';
import type {LetterForm} from '../../../plugins/webgpu/packed/packedLetters.ts';
import {productProgram} from '../../../plugins/webgpu/packed/productProgram.ts';
import {rowsProgram} from '../../../plugins/webgpu/packed/rowsProgram.ts';
import {carriedDrift} from '../../../plugins/webgpu/path/carriedDrift.ts';
import {maskedPathBlock, pathBlock} from '../../../plugins/webgpu/path/pathBlock.ts';
import type {Program} from '../../../plugins/webgpu/program.ts';
import {operators} from '../../../src/numerics/stochastic/index.ts';

// The WGSL of some programs as it is sent to the device, compared without a GPU. After an intended change, write the
// files again and read the difference before you commit it:
//
//     UPDATE_SNAPSHOTS=1 npx mocha test/plugins/webgpu/wgsl.test.ts
//
// Where CI is set nothing is written, so that a missing file fails there.

const SNAPSHOTS = fileURLToPath(new URL('snapshots/', import.meta.url));

type AnyProgram = Program<string, string>;

const FOUR_BITS: LetterForm = {zeros: 'none', letterBits: 4, bits: 4, perRun: 8, wordsPerRun: 1};
const TWO_OF_FOUR: LetterForm = {zeros: {n: 2, m: 4}, letterBits: 4, bits: 6, perRun: 16, wordsPerRun: 3};
const ONE_NEURON = {rows: 1, neurons: 1, slices: 1} as const;

const programs: Readonly<Record<string, AnyProgram>> = {
  carriedDrift,
  'pathBlock-stochasticQuantizer': pathBlock(operators.quantizer.stochastic),
  'pathBlock-nearestQuantizer': pathBlock(operators.quantizer.nearest),
  'pathBlock-sparseQuantizer-masked': maskedPathBlock(operators.sparseQuantizer.stochastic),
  'product-4bits-tile': productProgram({
    letters: FOUR_BITS,
    offsets: true,
    bias: true,
    activation: 'relu',
    source: 'rows',
    runs: 'broken',
    tile: {rows: 2, neurons: 2, slices: 1},
  }),
  'product-4bits-windows-slices': productProgram({
    letters: FOUR_BITS,
    offsets: false,
    bias: false,
    activation: 'relu6',
    source: 'windows',
    runs: 'full',
    tile: {...ONE_NEURON, slices: 8},
  }),
  'product-3bits-sentinel': productProgram({
    letters: {zeros: 'sentinel', letterBits: 3, bits: 3, perRun: 32, wordsPerRun: 3},
    offsets: true,
    bias: false,
    activation: 'linear',
    source: 'rows',
    runs: 'full',
    tile: ONE_NEURON,
  }),
  'product-2of4': productProgram({
    letters: TWO_OF_FOUR,
    offsets: false,
    bias: true,
    activation: 'linear',
    source: 'rows',
    runs: 'full',
    tile: ONE_NEURON,
  }),
  'depthwise-sentinel': depthwiseProgram({zeros: 'sentinel', offsets: true, bias: true, activation: 'relu'}),
  'rows-2of4': rowsProgram({zeros: {n: 2, m: 4}, offsets: false, bias: false, dtype: 'int32'}),
  gather: gatherProgram,
};

describe('WGSL', () => {
  for (const [name, program] of Object.entries(programs)) {
    it(`${name} is the text of snapshots/${name}.wgsl`, () => {
      const path = `${SNAPSHOTS}${name}.wgsl`;
      const text = textOf(program);
      if (process.env['UPDATE_SNAPSHOTS'] === '1' && !process.env['CI']) writeFileSync(path, text);
      expect(existsSync(path), `${name}.wgsl is missing: run this test with UPDATE_SNAPSHOTS=1`).to.equal(true);
      expect(text).to.equal(readFileSync(path, 'utf8'));
    });
  }

  it('every snapshot has its program', () => {
    const names = Object.keys(programs).map((name) => `${name}.wgsl`);
    expect(readdirSync(SNAPSHOTS).sort()).to.deep.equal(names.sort());
  });

  const blocks = Object.values(operators)
    .flatMap((byRounding) => Object.values(byRounding))
    .flatMap<AnyProgram>((operator) => [pathBlock(operator), maskedPathBlock(operator)]);

  it('the program of every T has a name of its own', () => {
    expect(new Set(blocks.map(({shaderKey}) => shaderKey)).size).to.equal(12);
    expect(new Set(blocks.map(({code}) => code)).size).to.equal(12);
  });

  it('programs use every buffer that they bind, as WebGPU demands', () => {
    for (const {shaderKey, code, inputs} of [...blocks, ...Object.values(programs)])
      expect(
        inputs.filter((name) => !code.includes(`${name}[`)),
        shaderKey,
      ).to.deep.equal([]);
  });

  it('programs declare every uniform that they use, and at least one', () => {
    for (const {shaderKey, code, uniforms} of [...blocks, ...Object.values(programs)]) {
      const used = new Set(Array.from(code.matchAll(/\buniforms\.(\w+)/g), ([, name]) => name));
      expect(used.size, shaderKey).to.be.at.least(1);
      expect(
        [...used].filter((name) => !(name in uniforms)),
        shaderKey,
      ).to.deep.equal([]);
    }
  });
});

/** What the device gets: buffers, uniforms and code. */
function textOf({shaderKey, inputs, vectors = [], uniforms, code}: AnyProgram): string {
  const buffers = inputs.map((name) => (vectors.includes(name) ? `${name} (vec4<f32>)` : name));
  const numbers = Object.entries(uniforms).map(([name, type]) => `${name} : ${type}`);
  return `// ${shaderKey}\n// buffers: ${buffers.join(', ')}\n// uniforms: ${numbers.join(', ')}\n\n${code}`;
}
