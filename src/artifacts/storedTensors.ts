import {ArtifactError, damagedFile, formatValue} from '../errors.ts';
import {BYTES_PER_NUMBER} from './weightEntries.ts';

/** A weight as a file describes it, with its position. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: StoredType;
  /** First byte of the weight in the payload. */
  readonly from: number;
  /** First byte after it. */
  readonly to: number;
}

/** The types that weights of a packed model may have. */
const STORED_TYPES = ['float32', 'int32', 'bool'] as const;

export type StoredType = (typeof STORED_TYPES)[number];

/**
 * Locates the weights of a file, in its order. Nothing is allocated according to the file.
 * @param weightSpecs as tfjs writes them: `[{name, shape, dtype}, …]`
 * @param bytes of all weights together
 * @throws ArtifactError that names the weight with a wrong description or outside of the payload, or reports surplus
 *   bytes
 */
export function locateTensors(weightSpecs: unknown, bytes: number): StoredTensor[] {
  if (!Array.isArray(weightSpecs))
    throw new ArtifactError(
      `expected \`weightSpecs\` to be a list, found ${formatValue(weightSpecs)}; save the model with its weights`,
    );
  const names = new Set<string>();
  let from = 0;
  const tensors = weightSpecs.map((spec: unknown, at): StoredTensor => {
    const tensor = locateTensor(spec, at, from, bytes);
    if (names.has(tensor.name))
      throw new ArtifactError(
        `weight '${tensor.name}': expected one weight of that name, found two; give the model's layers different names`,
      );
    names.add(tensor.name);
    from = tensor.to;
    return tensor;
  });
  if (from !== bytes)
    throw new ArtifactError(
      `expected ${from} bytes for ${tensors.length} weights, found ${bytes}; ` +
        'a file of weights is damaged, or of another model',
    );
  return tensors;
}

function locateTensor(spec: unknown, at: number, from: number, bytes: number): StoredTensor {
  if (typeof spec !== 'object' || spec === null)
    throw damagedFile(`expected weight ${at} to be described by an object, found ${formatValue(spec)}`);
  const {name, shape, dtype, group, quantization}: {readonly [key: string]: unknown} = {...spec};
  if (typeof name !== 'string' || name === '')
    throw damagedFile(`expected weight ${at} to have a name, found ${formatValue(name)}`);
  if (group !== undefined)
    throw new ArtifactError(
      `weight '${name}': expected weights of the model alone, found some of its ${formatValue(group)}; ` +
        'save it without includeOptimizer',
    );
  if (quantization !== undefined)
    throw new ArtifactError(
      `weight '${name}': expected no quantization beside the packing, found ${formatValue(quantization)}; ` +
        'save the packed model with model.save',
    );
  if (!isStoredType(dtype))
    throw damagedFile(
      `weight '${name}': expected \`dtype\` to be one of ${STORED_TYPES.map(formatValue).join(', ')}, ` +
        `found ${formatValue(dtype)}`,
    );
  if (!isShape(shape))
    throw damagedFile(`weight '${name}': expected \`shape\` to be integers from 0 up, found ${formatValue(shape)}`);
  const to = from + byteLength(shape, dtype);
  if (!(to <= bytes))
    throw new ArtifactError(
      `weight '${name}': expected it, [${shape.join(', ')}] in ${dtype}, to end at byte ${to}, found ${bytes} bytes ` +
        'in all; a file of weights is cut off or missing',
    );
  return {name, shape, dtype, from, to};
}

/**
 * Bytes of a tensor; if there are too many for an exact number the result may be too large or Infinity, never too
 * small.
 */
export function byteLength(shape: readonly number[], dtype: StoredType): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, BYTES_PER_NUMBER[dtype]);
}

/** Whether a weight of a packed model may have this type. */
export function isStoredType(dtype: unknown): dtype is StoredType {
  return STORED_TYPES.some((type) => type === dtype);
}

/** Whether a value is the shape of a tensor. */
export function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && Number(size) >= 0);
}
