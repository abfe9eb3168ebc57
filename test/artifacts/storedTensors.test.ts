import {expect} from 'chai';
import {ArtifactError} from 'tfjs-compress';
import {byteLength, locateTensors} from '../../src/artifacts/storedTensors.ts';

const kernel = {name: 'kernel', shape: [2, 3], dtype: 'float32'}; // 6 numbers of 4 bytes: 24
const mask = {name: 'mask', shape: [5], dtype: 'bool'}; // 5 numbers of 1 byte
const step = {name: 'step', shape: [], dtype: 'int32'}; // one number of 4 bytes

describe('locateTensors(weightSpecs, bytes)', () => {
  it('places weights one after another: 24 bytes of float32, 5 of bool, 4 of a scalar', () => {
    const places = locateTensors([kernel, mask, step], 33).map(({name, from, to}) => [name, from, to]);
    expect(places).to.deep.equal([
      ['kernel', 0, 24],
      ['mask', 24, 29],
      ['step', 29, 33],
    ]);
  });

  it('gives a weight with an axis of length 0 no bytes', () => {
    const places = locateTensors([{name: 'none', shape: [7, 0], dtype: 'float32'}, step], 4);
    expect(places.map(({from, to}) => [from, to])).to.deep.equal([
      [0, 0],
      [0, 4],
    ]);
  });

  for (const [what, weightSpecs, bytes, message] of [
    ['a text instead of a list', 'kernel', 0, 'expected `weightSpecs` to be a list'],
    ['a weight that ends one byte after the payload', [kernel, mask], 28, "weight 'mask'"],
    ['a byte that belongs to no weight', [kernel, mask], 30, 'expected 29 bytes for 2 weights, found 30'],
    ['two weights of one name', [step, step], 8, "weight 'step': expected one weight of that name, found two"],
    ['a weight of the optimizer', [{...step, group: 'optimizer'}], 4, 'save it without includeOptimizer'],
    ['a quantization of tfjs', [{...step, quantization: {dtype: 'uint8'}}], 4, 'expected no quantization'],
    ['another dtype', [{...step, dtype: 'complex64'}], 8, "weight 'step': expected `dtype`"],
    ['a fraction in a shape', [{...step, shape: [0.5]}], 2, "weight 'step': expected `shape`"],
    ['a negative size', [{...step, shape: [-1]}], 4, "weight 'step': expected `shape`"],
    ['a weight without a name', [{...step, name: ''}], 4, 'expected weight 0 to have a name'],
    ['null as a weight', [step, null], 4, 'expected weight 1 to be described by an object'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => locateTensors(weightSpecs, bytes)).to.throw(ArtifactError, message);
    });
  }
});

describe('byteLength(shape, dtype)', () => {
  it('is Infinity, not a small number, for more bytes than a number can count', () => {
    expect(byteLength([2 ** 512, 2 ** 512], 'float32')).to.equal(Infinity);
  });
});
