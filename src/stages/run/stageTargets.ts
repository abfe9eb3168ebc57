import {ModelError} from '../../errors.ts';
import {findSites, type LayerFilter, type LayerSite, namesIn, type Networks, type SkippedLayer} from '../../calibration/targets.ts';

/** Which layers a stage is to visit. */
export interface SiteChoice {
  readonly filter: LayerFilter;
  /** Layers that the filter names: each must exist. */
  readonly names: readonly string[];
}

/**
 * The layers that a stage visits and those it leaves, in the order of the walk.
 * @throws ModelError if a named layer is not there, or no layer is left to visit
 */
export function stageSites(stage: string, networks: Networks, {filter, names}: SiteChoice): {sites: LayerSite[]; skipped: SkippedLayer[]} {
  requireNamed(stage, names, networks);
  const {sites, skipped} = findSites(networks, filter);
  if (sites.length === 0) throw new ModelError(noSites(stage, skipped));
  return {sites, skipped};
}

function requireNamed(stage: string, names: readonly string[], {copy}: Networks): void {
  const known = namesIn(copy);
  const missing = names.find((name) => !known.includes(name));
  if (missing !== undefined) throw new ModelError(`${stage}: expected a layer named '${missing}', as in \`include\` or \`exclude\`; the layers are ${known.join(', ')}`);
}

function noSites(stage: string, skipped: readonly SkippedLayer[]): string {
  const reasons = skipped.map(({name, className, reason}) => `${name} (${className}): ${reason}`).join('; ');
  return `${stage}: expected a model with at least one layer to compress, got none${reasons ? `: ${reasons}` : ', as no layer has weights'}`;
}
