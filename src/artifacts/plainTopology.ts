import {ArtifactError, formatValue} from '../errors.ts';

/** A topology as plain data: a class and what it is made with. */
export interface PlainTopology {
  readonly class_name: unknown;
  readonly config: unknown;
}

/**
 * The part of a saved topology that a model is built from, as plain data of its own.
 * @throws ArtifactError if there is none
 */
export function readPlainTopology(modelTopology: unknown): PlainTopology {
  if (typeof modelTopology === 'object' && modelTopology !== null && !(modelTopology instanceof ArrayBuffer)) {
    const plain: unknown = JSON.parse(JSON.stringify(modelTopology));
    if (typeof plain === 'object' && plain !== null && 'class_name' in plain && 'config' in plain)
      return {class_name: plain.class_name, config: plain.config};
  }
  throw new ArtifactError(
    `expected \`modelTopology\` to be JSON with \`class_name\` and \`config\`, found ${formatValue(modelTopology)}; ` +
      'save the packed model with model.save',
  );
}
