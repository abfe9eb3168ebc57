import '@tensorflow/tfjs-backend-cpu';
import {GraphModel} from '@tensorflow/tfjs-converter';
import {dispose, memory, type Tensor, tensor, tensor1d} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {ModelError, registerGraph} from 'tfjs-compress';
import {GraphSegment} from '../../../src/converted/segments/graphSegment.ts';
import type {SegmentProgram} from '../../../src/converted/segments/segmentProgram.ts';
import {onBackends} from '../../support/backends/onBackends.ts';
import {constant, node, placeholder} from '../../support/models/graphs.ts';

/** y = −(x + w) with a weight w, and its input once more. */
const program: SegmentProgram = {
  nodes: [placeholder('@0', -1, 2), constant('w', [2], []), node('s', 'AddV2', ['@0', 'w']), node('y', 'Neg', ['s'])],
  inputs: ['@0'],
  outputs: [
    {endpoint: 'y', shape: [null, 2]},
    {endpoint: '@0', shape: [null, 2]},
  ],
  weights: [{name: 'w', shape: [2]}],
  constants: [],
  skipped: [{name: 's', className: 'AddV2', reason: 'of the test'}],
};

onBackends(['cpu'], () => {
  describe('GraphSegment', () => {
    let segment: GraphSegment;
    let x: Tensor;
    before(() => {
      registerGraph(GraphModel);
      segment = new GraphSegment({name: 'part', program: {name: JSON.stringify(program)}});
      segment.build([1, 2]);
      const weight = tensor1d([10, 20]);
      segment.setWeights([weight]);
      weight.dispose();
      x = tensor([1, 2], [1, 2]);
    });
    after(() => {
      dispose(segment.getWeights());
      x.dispose();
    });

    it('computes its nodes with its weights: −(1 + 10) and −(2 + 20)', () => {
      const [y, same] = [segment.call(x)].flat();
      expect([...y.dataSync()]).to.deep.equal([-11, -22]);
      expect([...same.dataSync()]).to.deep.equal([1, 2]);
      y.dispose();
      same.dispose();
    });

    it('copies an output that is its input: freeing all outputs leaves the input alive, and nothing else', () => {
      const before = memory().numTensors;
      const outputs = [segment.call(x)].flat();
      expect(outputs).not.to.include(x);
      outputs.forEach((output) => {
        output.dispose();
      });
      expect(x.isDisposed).to.equal(false);
      expect(memory().numTensors).to.equal(before);
    });

    it('has the shapes of its outputs, open where they are not known, and the skipped nodes of its program', () => {
      expect(segment.computeOutputShape()).to.deep.equal([
        [null, 2],
        [null, 2],
      ]);
      expect(segment.skippedNodes).to.deep.equal(program.skipped);
    });

    it('is made again from its configuration', () => {
      const copy = new GraphSegment(segment.getConfig() as never);
      expect(copy.getConfig()).to.deep.equal(segment.getConfig());
    });

    it('names itself and the shapes on which its part of the graph does not run', () => {
      const wide = tensor([1, 2, 3], [1, 3]);
      expect(() => segment.call(wide)).to.throw(
        ModelError,
        "layer 'part': expected its part of the graph to run on [1, 3]",
      );
      wide.dispose();
    });
  });
});
