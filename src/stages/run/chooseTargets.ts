import {
  type CompressionTarget,
  findTargets,
  type LayerFilter,
  layerNamesIn,
  type NetworkCalls,
} from '../../calibration/targets.ts';
import {ModelError} from '../../errors.ts';
import type {SkippedLayer} from '../../records.ts';

/** Which layers a stage is to visit. */
export interface TargetChoice {
  readonly filter: LayerFilter;
  /** Layers that the filter names: each must exist. */
  readonly names: readonly string[];
}

/**
 * The layers that a stage visits, in the order of the walk, and those it skips.
 * @throws ModelError if a named layer does not exist, or no layer is left to visit
 */
export function chooseTargets(
  stage: string,
  networks: NetworkCalls,
  {filter, names}: TargetChoice,
): {targets: CompressionTarget[]; skipped: SkippedLayer[]} {
  requireNamed(stage, names, networks);
  const {targets, skipped} = findTargets(networks, filter);
  if (targets.length === 0) throw new ModelError(noTargets(stage, skipped));
  return {targets, skipped};
}

function requireNamed(stage: string, names: readonly string[], {shadow}: NetworkCalls): void {
  const known = layerNamesIn(shadow);
  const missing = names.find((name) => !known.includes(name));
  if (missing !== undefined)
    throw new ModelError(
      `${stage}: expected a layer named '${missing}', as in \`include\` or \`exclude\`; ` +
        `the layers are ${known.join(', ')}`,
    );
}

function noTargets(stage: string, skipped: readonly SkippedLayer[]): string {
  const reasons = skipped.map(({name, className, reason}) => `${name} (${className}): ${reason}`).join('; ');
  const cause = reasons ? `: ${reasons}` : ', as no layer has weights';
  return `${stage}: expected a model with at least one layer to compress, got none${cause}`;
}
