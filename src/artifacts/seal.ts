import {ArtifactError, damagedFile, formatValue} from '../errors.ts';
import {byName, computeDigest, type Digest, MARK, type ModelContent} from './digest.ts';

/** The entry of a packed model in its user-defined metadata. */
export interface Seal extends Digest {
  /** The version of the format. */
  readonly format: typeof FORMAT;
  /** Bytes of all weights together. */
  readonly bytes: number;
}

/** The key in `userDefinedMetadata`. */
export const SEAL = 'tfjsCompress';

const FORMAT = 1;

/** Computes the seal of a model. */
export async function createSeal(content: ModelContent): Promise<Seal> {
  return {format: FORMAT, bytes: content.payload.length, ...(await computeDigest(content))};
}

/**
 * Reads the seal of a file.
 * @throws ArtifactError if there is none, or one of another version
 */
export function readSeal(metadata: unknown): Seal {
  const seal: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, SEAL) : undefined;
  if (typeof seal !== 'object' || seal === null) {
    throw new ArtifactError(
      `expected a packed model, with \`userDefinedMetadata.${SEAL}\`, found ${formatValue(seal)}; ` +
        'load a model that is not packed with tf.loadLayersModel, ' +
        'and call sealModel before saving a packed one whose metadata you replaced',
    );
  }
  const {format, sha256, bytes, marks}: {readonly [key: string]: unknown} = {...seal};
  if (format !== FORMAT)
    throw new ArtifactError(
      `expected \`${SEAL}.format\` to be ${FORMAT}, found ${formatValue(format)}; ` +
        'update tfjs-compress, or pack the model with this version',
    );
  if (typeof sha256 !== 'string' || typeof bytes !== 'number' || typeof marks !== 'string') {
    throw damagedFile(`expected \`${SEAL}\` to have \`sha256\`, \`bytes\` and \`marks\`, found ${formatValue(seal)}`);
  }
  return {format, sha256, bytes, marks};
}

/**
 * Refuses a model that is not the one that was sealed.
 * @throws ArtifactError that names the weight that differs, if a weight does
 */
export async function requireSealed(content: ModelContent, {sha256, marks}: Seal): Promise<void> {
  const found = await computeDigest(content);
  if (found.sha256 === sha256) return;
  if ((await computeDigest(content, 'as they come')).sha256 === sha256) return;
  const markAt = (all: string, i: number): string => all.slice(MARK * i, MARK * (i + 1));
  const damaged =
    found.marks.length === marks.length
      ? byName(content.tensors).find((_, i) => markAt(found.marks, i) !== markAt(marks, i))
      : undefined;
  const where = damaged ? `weight '${damaged.name}' differs` : 'its topology or its list of weights differs';
  throw new ArtifactError(
    `expected the model that was packed (SHA-256 ${formatValue(sha256)}), found another ` +
      `(${formatValue(found.sha256)}): ${where}; ` +
      'copy the files again, or call sealModel before saving if you changed the packed model',
  );
}
