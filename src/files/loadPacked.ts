import type {io} from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {readPayload} from '../artifacts/payload.ts';
import {readPlainTopology} from '../artifacts/plainTopology.ts';
import {type Artifacts, readArtifacts} from '../artifacts/readArtifacts.ts';
import {readSeal, requireSealed} from '../artifacts/seal.ts';
import {locateTensors} from '../artifacts/storedTensors.ts';
import {ArtifactError, BackendError, messageOf} from '../errors.ts';
import {disposeModel} from '../model/disposeModel.ts';
import {flag, resolveOptions, selfCheckRule} from '../options.ts';
import type {Packed} from '../packed/packed.ts';
import {matricesOf} from '../packed/packedExecution.ts';
import {registerPacked} from '../packed/registerPacked.ts';
import {storedKernelsOf} from '../packed/storedKernels.ts';
import {checkPackedLayers, DEFAULT_SELF_CHECK} from '../stages/pack/checkPackedLayers.ts';
import {selfChecksByDefault} from '../stages/pack/selfChecksByDefault.ts';
import {buildModel} from './buildModel.ts';
import {checkTopology} from './checkTopology.ts';
import {fillWeights} from './fillWeights.ts';

/** Options of {@link loadPacked}. */
export interface LoadPackedOptions {
  /**
   * Whether the SHA-256 of the model is compared with that of its seal. All other checks are always made. Default true.
   */
  readonly verify?: boolean;
  /**
   * Whether the layers are compared, on the active backend, with their float32 counterparts on random inputs (see
   * {@link selfCheck}): `true` refuses a model with a layer that fails, `'decode'` decodes that layer to float32.
   * Default: true on 'webgpu' with the plugin, false elsewhere.
   */
  readonly selfCheck?: boolean | 'decode';
}

/**
 * Loads a packed model without trusting its files: sizes, types, codes, steps and checksum are checked, and weights are
 * allocated no more memory than twice the bytes of the files.
 *
 * ```ts
 * import {loadPacked} from 'tfjs-compress';
 * const model = await loadPacked('https://example.com/small/model.json');
 * ```
 * @param source an address, as for `tf.loadLayersModel`, or a handler
 * @throws ArtifactError (in the promise) that tells where, what was expected, what was found and what to do; no tensors
 *   are left behind
 * @throws BackendError (in the promise) where there is no `crypto.subtle` to verify with
 * @throws SelfCheckError (in the promise) for a device that computes wrong results
 * @throws OptionError (in the promise) for an unknown option
 */
export async function loadPacked(source: string | io.IOHandler, options: LoadPackedOptions = {}): Promise<LayersModel> {
  const {verify, selfCheck} = resolveOptions<LoadPackedOptions & {readonly verify: boolean}>('loadPacked', options, {
    verify: flag(true),
    selfCheck: selfCheckRule,
  });
  registerPacked();
  const model = await loadFrom(source, verify);
  try {
    if (selfCheck ?? selfChecksByDefault(model)) {
      const onFailure = selfCheck === 'decode' ? 'decode' : 'refuse';
      await checkPackedLayers(model, undefined, {...DEFAULT_SELF_CHECK, onFailure});
    }
    return model;
  } catch (error) {
    disposeModel(model);
    throw error;
  }
}

async function loadFrom(source: string | io.IOHandler, verify: boolean): Promise<LayersModel> {
  try {
    return await load(await readArtifacts(source), verify);
  } catch (cause) {
    const location = typeof source === 'string' ? `'${source}'` : 'the given handler';
    const message = `loadPacked: ${location}: ${messageOf(cause)}`;
    throw cause instanceof BackendError ? new BackendError(message, {cause}) : new ArtifactError(message, {cause});
  }
}

async function load(artifacts: Artifacts, verify: boolean): Promise<LayersModel> {
  const {modelTopology, weightSpecs, userDefinedMetadata} = artifacts;
  const seal = readSeal(userDefinedMetadata);
  const topology = readPlainTopology(modelTopology);
  const payload = await readPayload(artifacts, seal.bytes);
  const tensors = locateTensors(weightSpecs, payload.length);
  if (payload.length !== seal.bytes)
    throw new ArtifactError(
      `expected ${seal.bytes} bytes of weights, found ${payload.length}; the files are of different models`,
    );
  if (verify) await requireSealed({topology, tensors, payload}, seal);
  checkTopology(topology);
  const built = await buildModel(topology, payload.length);
  try {
    fillWeights(built.model, tensors, payload);
    built.packed.forEach(requireReadable);
    built.model.setUserDefinedMetadata({...(typeof userDefinedMetadata === 'object' ? userDefinedMetadata : {})});
    return built.model;
  } catch (cause) {
    built.dispose();
    throw cause;
  }
}

/**
 * Decodes kernels once to check them. A kernel without kept weights stores nothing to check, and a file without bytes
 * could claim any number of such weights.
 */
function requireReadable(layer: Packed): void {
  for (const {stored, tensors} of storedKernelsOf(layer))
    if (stored.packing.kept > 0) matricesOf(layer.name, stored, tensors);
}
