import {engine, memory} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {ArtifactError, loadPacked} from 'tfjs-compress';
import {joinPayload} from '../../src/artifacts/payload.ts';
import {readPlainTopology} from '../../src/artifacts/plainTopology.ts';
import {createSeal, SEAL} from '../../src/artifacts/seal.ts';
import {locateTensors} from '../../src/artifacts/storedTensors.ts';
import {onBackends} from '../support/backends/onBackends.ts';
import {type Mutable, mutableOf, mutations} from '../support/models/artifactMutations.ts';
import {bitsOf, collectArtifacts, giving, packedModel, packings} from '../support/models/smallPackedModels.ts';
import {uniforms} from '../support/numerics/randomMatrices.ts';

/** Each is loaded twice: with the checksum that it had, and with one that an enemy made for it. */
const MUTATIONS_OF_A_MODEL = 2600;

type Outcome = 'loaded as it was' | 'loaded as edited' | 'refused';

onBackends(['cpu'], () => {
  describe('loadPacked of damaged and of edited files', function () {
    this.timeout(300_000);
    for (const [name, packing] of Object.entries(packings)) {
      it(`gives the weights of the file, even if an enemy set its checksum, or an ArtifactError: ${name}`, async () => {
        const model = await packedModel(packing);
        const original = mutableOf(await collectArtifacts(model));
        const truth = await bitsOf(model);
        const payload = joinPayload(original.weightData);
        const random = uniforms(name.length);
        const kinds = Object.entries(mutations);
        const counts = new Map<string, number>();
        for (let i = 0; i < MUTATIONS_OF_A_MODEL; i++) {
          const [kind, mutate] = kinds[i % kinds.length];
          const mutated = mutate(original, payload, random);
          for (const enemy of [false, true]) {
            const outcome = await outcomeOf(
              enemy ? await resealed(mutated) : mutated,
              truth,
              `${name}: ${kind}, number ${i}`,
            );
            if (!enemy) expect(outcome, `${kind}, number ${i}`).to.not.equal('loaded as edited');
            const key = `${enemy ? 'sealed anew' : 'seal kept'}: ${outcome}`;
            counts.set(key, (counts.get(key) ?? 0) + 1);
          }
        }
        model.dispose();
        expect([...counts.values()].reduce((sum, count) => sum + count, 0)).to.equal(2 * MUTATIONS_OF_A_MODEL);
        for (const key of [
          'seal kept: loaded as it was',
          'seal kept: refused',
          'sealed anew: loaded as edited',
          'sealed anew: refused',
        ])
          expect(counts.get(key), key).to.be.above(100);
      });
    }
  });
});

/**
 * What came of loading; throws if anything but the weights of the file or an ArtifactError did, or if it took or left
 * memory that it should not.
 */
async function outcomeOf(
  {json, weightData}: Mutable,
  truth: ReadonlyMap<string, string>,
  what: string,
): Promise<Outcome> {
  const before = memory();
  const fileBytes =
    JSON.stringify(json).length +
    [weightData]
      .flat()
      .reduce(
        (sum: number, part) => sum + (part instanceof ArrayBuffer || ArrayBuffer.isView(part) ? part.byteLength : 0),
        0,
      );
  const watch = watchedPeak();
  try {
    const loaded = await loadPacked(giving({...json, weightData}));
    const bits = await bitsOf(loaded);
    loaded.dispose();
    const inFile = bitsIn({json, weightData});
    expect(bits, what).to.deep.equal(inFile);
    return same(bits, truth) ? 'loaded as it was' : 'loaded as edited';
  } catch (error) {
    if (!(error instanceof ArtifactError))
      throw new Error(`${what}: expected an ArtifactError, got ${String(error)}`, {cause: error});
    expect(error.message, what).to.match(/^loadPacked: the given handler: /);
    return 'refused';
  } finally {
    const peak = watch.stop();
    expect(peak - before.numBytes, `${what}: bytes of tensors`).to.be.at.most(2 * fileBytes);
    expect(memory().numTensors, `${what}: tensors left`).to.equal(before.numTensors);
  }
}

/** The weights of a file, read without the loader's help. */
function bitsIn({json: {weightSpecs}, weightData}: Mutable): Map<string, string> {
  const parts = ([weightData].flat() as Array<ArrayBuffer | Uint8Array>).map((part) =>
    Buffer.from(part instanceof Uint8Array ? part : new Uint8Array(part)),
  );
  const all = Buffer.concat(parts);
  let at = 0;
  return new Map(
    (weightSpecs as Array<{name: string; shape: number[]; dtype: string}>).map(({name, shape, dtype}) => {
      const from = at;
      at += shape.reduce((product, size) => product * size, dtype === 'bool' ? 1 : 4);
      return [name, all.toString('hex', from, at)];
    }),
  );
}

/** The file with the checksum that its enemy makes, if there is anything to make one of. */
async function resealed({json, weightData}: Mutable): Promise<Mutable> {
  try {
    const payload = joinPayload(weightData);
    const seal = await createSeal({
      topology: readPlainTopology(json.modelTopology),
      tensors: locateTensors(json.weightSpecs, payload.length),
      payload,
    });
    return {json: {...json, userDefinedMetadata: {[SEAL]: seal}}, weightData};
  } catch {
    return {json, weightData};
  }
}

/** The most bytes that tensors take at once from now on. */
function watchedPeak(): {stop(): number} {
  const tfjs = engine();
  let peak = tfjs.state.numBytes;
  const trackTensor = tfjs.trackTensor.bind(tfjs);
  tfjs.trackTensor = (tensor, backend) => {
    trackTensor(tensor, backend);
    peak = Math.max(peak, tfjs.state.numBytes);
  };
  return {
    stop() {
      Reflect.deleteProperty(tfjs, 'trackTensor'); // the prototype's is back
      return peak;
    },
  };
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, bits]) => b.get(name) === bits);
}
