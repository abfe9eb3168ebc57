import {ArtifactError, formatValue} from '../errors.ts';

/** A topology as plain data: a class and its configuration. */
export interface PlainTopology {
  readonly class_name: unknown;
  readonly config: unknown;
}

/**
 * Copies the part of a saved topology that a model is built from, as plain data.
 * @throws ArtifactError if it has no class and configuration
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
