import {ArtifactError, damagedFile, formatValue} from '../errors.ts';
import {type Packing, partsOf} from '../numerics/coding/packing.ts';

/** The most weights that a tensor of tfjs can index. */
const MAX_WEIGHTS = 2 ** 31 - 1;

/**
 * Checks the packings of a layer, read from a file.
 * @param layer its name, for messages
 * @param kernels how many kernels the layer has
 * @returns one packing for each kernel, undefined for those that stay float32
 * @throws ArtifactError as {@link checkPacking}, or for another number of packings
 */
export function checkPackings(layer: string, packings: unknown, kernels: number): Array<Packing | undefined> {
  if (!Array.isArray(packings) || packings.length !== kernels || packings.every((packing) => packing === null)) {
    throw damagedFile(
      `layer '${layer}': expected \`packings\` to be a list of ${kernels}, one for each kernel, not all null, ` +
        `found ${formatValue(packings)}`,
    );
  }
  return packings.map((packing: unknown) => (packing === null ? undefined : checkPacking(layer, packing)));
}

/**
 * Checks the parameters of a packing, read from a file.
 * @param layer its name, for messages
 * @throws ArtifactError that names an entry that is missing or out of range
 */
export function checkPacking(layer: string, packing: unknown): Packing {
  const entries = objectAt(layer, 'packing', packing);
  const count = (name: string, min: number, max: number, from = entries, where = 'packing'): number => {
    const value: unknown = Reflect.get(from, name);
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    throw damagedFile(
      `layer '${layer}': expected \`${where}.${name}\` to be an integer from ${min} to ${max}, ` +
        `found ${formatValue(value)}`,
    );
  };
  const [problems, features, neurons] = ['problems', 'features', 'neurons'].map((name) => count(name, 1, MAX_WEIGHTS));
  const weights = problems * features * neurons;
  if (weights > MAX_WEIGHTS)
    throw new ArtifactError(
      `layer '${layer}': expected at most ${MAX_WEIGHTS} weights, found ${problems} × ${features} × ${neurons}`,
    );
  const kept = count('kept', 0, weights);
  const letters = lettersOf(layer, Reflect.get(entries, 'letters'), count);
  const zeros = zerosOf(layer, Reflect.get(entries, 'zeros'), problems * features, count);
  if (zeros === undefined && kept !== weights)
    throw new ArtifactError(
      `layer '${layer}': expected \`packing.kept\` to be ${weights}, as nothing is pruned, found ${kept}`,
    );
  const checked: Packing = {
    problems,
    features,
    neurons,
    kept,
    ...(letters && {letters}),
    ...(zeros !== undefined && {zeros}),
  };
  partsOf(checked);
  return checked;
}

type Count = (name: string, min: number, max: number, from?: object, where?: string) => number;

function lettersOf(layer: string, given: unknown, count: Count): Packing['letters'] {
  if (given === undefined || given === null) return undefined;
  const letters = objectAt(layer, 'packing.letters', given);
  const origin: unknown = Reflect.get(letters, 'origin');
  const offsets: unknown = Reflect.get(letters, 'offsets');
  // Halves between −256 and 0: the lowest letter of any alphabet.
  if (typeof origin !== 'number' || !Number.isInteger(2 * origin) || origin < -256 || origin > 0) {
    throw new ArtifactError(
      `layer '${layer}': expected \`packing.letters.origin\` to be a multiple of ½ from −256 to 0, ` +
        `found ${formatValue(origin)}`,
    );
  }
  if (typeof offsets !== 'boolean')
    throw new ArtifactError(
      `layer '${layer}': expected \`packing.letters.offsets\` to be true or false, found ${formatValue(offsets)}`,
    );
  return {
    levels: count('levels', 2, 256, letters, 'packing.letters'),
    origin,
    groupSize: count('groupSize', 1, MAX_WEIGHTS, letters, 'packing.letters'),
    offsets,
  };
}

function zerosOf(layer: string, given: unknown, rows: number, count: Count): Packing['zeros'] {
  if (given === undefined || given === null) return undefined;
  if (given === 'plane') return given;
  const pattern = objectAt(layer, 'packing.zeros', given);
  const m = count('m', 2, 16, pattern, 'packing.zeros');
  if (rows % m !== 0)
    throw new ArtifactError(`layer '${layer}': expected \`packing.zeros.m\` to divide ${rows} features, found ${m}`);
  return {n: count('n', 0, m, pattern, 'packing.zeros'), m};
}

function objectAt(layer: string, where: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw damagedFile(`layer '${layer}': expected \`${where}\` to be an object, found ${formatValue(value)}`);
}
