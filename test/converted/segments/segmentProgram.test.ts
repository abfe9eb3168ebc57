import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {ArtifactError} from 'tfjs-compress';
import {constantTensor, parseProgram, storeConstant} from '../../../src/converted/segments/segmentProgram.ts';
import {onBackends} from '../../support/backends/onBackends.ts';

const empty = {nodes: [], inputs: [], outputs: [], weights: [], constants: [], skipped: []};

describe('parseProgram(layer, given)', () => {
  it('reads a program from its text', () => {
    expect(parseProgram('part', {name: JSON.stringify(empty)})).to.deep.equal(empty);
  });

  for (const [what, given] of [
    ['nothing', undefined],
    ['the program itself instead of its text', {name: empty}],
    ['a text that is no JSON', {name: '{'}],
    ['null', {name: 'null'}],
    ['a program without constants', {name: JSON.stringify({...empty, constants: undefined})}],
    ['nodes that are no list', {name: JSON.stringify({...empty, nodes: {}})}],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parseProgram('part', given)).to.throw(ArtifactError, "layer 'part': expected part of a graph");
    });
  }
});

onBackends(['cpu'], () => {
  describe('constantTensor(storeConstant(…))', () => {
    for (const [dtype, shape, values, stored] of [
      ['float32', [2, 2], [0.5, Infinity, -Infinity, NaN], [0.5, 'Infinity', '-Infinity', 'NaN']],
      ['int32', [3], [-1, 0, 7], [-1, 0, 7]],
      ['bool', [2], [1, 0], [1, 0]],
      ['string', [2], ['NHWC', ''], ['NHWC', '']],
      ['float32', [], [2], [2]],
    ] as const) {
      it(`keeps [${values.join(', ')}] of dtype ${dtype} through JSON`, () => {
        const plain = storeConstant('c', {dtype, shape: [...shape]}, values);
        expect(plain).to.deep.equal({name: 'c', dtype, shape, values: stored});
        const found = constantTensor(JSON.parse(JSON.stringify(plain)) as typeof plain);
        expect([found.dtype, found.shape]).to.deep.equal([dtype, shape]);
        expect([...found.dataSync<'float32' | 'string'>()]).to.deep.equal(values);
        found.dispose();
      });
    }
  });
});
