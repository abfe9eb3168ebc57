import {expect} from 'chai';
import {mapTopology} from '../../src/model/topology.ts';

const dense = (name: string) => ({class_name: 'Dense', config: {name, units: 2}});
const wrapped = {class_name: 'TimeDistributed', config: {name: 'wrapper', layer: dense('wrapped')}};
const nested = {class_name: 'Sequential', config: {name: 'inner', layers: [dense('deep'), wrapped]}};
const topology = {class_name: 'Sequential', config: {name: 'outer', layers: [dense('first'), nested]}};

describe('mapTopology(topology, replacement)', () => {
  it('asks for the model, its layers and those of nested models, but not for a layer inside a wrapper', () => {
    const asked: string[] = [];
    mapTopology(topology, ({config}) => {
      asked.push(config.name);
      return undefined;
    });
    expect(asked).to.deep.equal(['outer', 'first', 'inner', 'deep', 'wrapper']);
  });

  it('without a replacement is an equal topology', () => {
    expect(mapTopology(topology, () => undefined)).to.deep.equal(topology);
  });

  it('replaces a layer of a nested model, and leaves the topology that it was given as it is', () => {
    const before = structuredClone(topology);
    const found = mapTopology(topology, ({config}) => (config.name === 'deep' ? dense('new') : undefined));
    expect(found).to.deep.equal({
      class_name: 'Sequential',
      config: {
        name: 'outer',
        layers: [dense('first'), {...nested, config: {name: 'inner', layers: [dense('new'), wrapped]}}],
      },
    });
    expect(topology).to.deep.equal(before);
  });

  it('does not look into a replacement', () => {
    const found = mapTopology(topology, ({config}) => (config.name === 'inner' ? dense('deep') : undefined));
    expect(found).to.deep.nested.include({'config.layers[1]': dense('deep')});
  });

  it('takes an object without a name for no layer', () => {
    const asked: unknown[] = [];
    const initializer = {class_name: 'Zeros', config: {}};
    mapTopology({class_name: 'Model', config: {layers: [initializer]}}, (entry) => {
      asked.push(entry);
      return undefined;
    });
    expect(asked).to.deep.equal([]);
  });
});
