import {expect} from 'chai';
import {ArtifactError} from 'tfjs-compress';
import {joinPayload} from '../../src/artifacts/payload.ts';

const bytes = (...values: readonly number[]): ArrayBuffer => Uint8Array.from(values).buffer;

describe('joinPayload', () => {
  it('takes one ArrayBuffer without copying it', () => {
    const given = bytes(1, 2, 3);
    expect(joinPayload(given).buffer).to.equal(given);
    expect(joinPayload([given]).buffer).to.equal(given);
  });

  it('reads of a view only the bytes that it shows', () => {
    expect([...joinPayload(new Uint8Array(bytes(1, 2, 3, 4), 1, 2))]).to.deep.equal([2, 3]);
  });

  it('joins parts in their order, empty ones and views among them', () => {
    const parts = [bytes(1), bytes(), new DataView(bytes(9, 2, 3), 1), bytes(4, 5, 6, 7)];
    expect([...joinPayload(parts)]).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
  });

  it('joins no parts to no bytes', () => {
    expect(joinPayload([])).to.have.length(0);
  });

  for (const wrong of [undefined, 'weights', 3, [bytes(1), undefined]]) {
    it(`refuses ${JSON.stringify(wrong) ?? 'undefined'}`, () => {
      expect(() => joinPayload(wrong)).to.throw(ArtifactError, 'save the model with its weights');
    });
  }
});
