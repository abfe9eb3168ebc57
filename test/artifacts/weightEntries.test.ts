import {expect} from 'chai';
import {joinWeights, splitWeights} from '../../src/artifacts/weightEntries.ts';

const specs = [
  {name: 'kernel', shape: [2], dtype: 'float32'}, // 8 bytes
  {name: 'codes', shape: [3], dtype: 'float32', quantization: {dtype: 'uint8', scale: 1, min: 0}}, // 3 bytes
  {name: 'half', shape: [2], dtype: 'float32', quantization: {dtype: 'float16'}}, // 4 bytes
  {name: 'words', shape: [2], dtype: 'string'}, // 4 + 2 and 4 + 0 bytes
  {name: 'flag', shape: [], dtype: 'bool'}, // 1 byte
] as const;
const words = [2, 0, 0, 0, 104, 105, 0, 0, 0, 0]; // 'hi' and '', each after its length
const bytes = [...Array(15).keys(), ...words, 1];

const artifacts = () => ({
  weightSpecs: specs.map((spec) => ({...spec, shape: [...spec.shape]})),
  weightData: Uint8Array.from(bytes).buffer,
});

describe('splitWeights(artifacts)', () => {
  it('cuts at 8, 11 and 15 bytes, and after texts of two letters and none', () => {
    expect(splitWeights(artifacts()).map((entry) => [entry.spec.name, entry.bytes.length])).to.deep.equal([
      ['kernel', 8],
      ['codes', 3],
      ['half', 4],
      ['words', 10],
      ['flag', 1],
    ]);
    expect([...splitWeights(artifacts())[3].bytes]).to.deep.equal(words);
  });

  it('copies: a change of an entry leaves the artifacts as they are', () => {
    const given = artifacts();
    splitWeights(given)[0].bytes.fill(255);
    expect([...new Uint8Array(given.weightData)]).to.deep.equal(bytes);
  });

  it('of artifacts without weights is empty', () => {
    expect(splitWeights({})).to.deep.equal([]);
  });
});

describe('joinWeights(entries)', () => {
  it('undoes splitWeights', () => {
    const {weightSpecs, weightData} = joinWeights(splitWeights(artifacts()));
    expect(weightSpecs).to.deep.equal(artifacts().weightSpecs);
    expect([...new Uint8Array(weightData)]).to.deep.equal(bytes);
  });
});
