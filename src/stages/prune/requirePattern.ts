import type {CompressionTarget} from '../../calibration/targets.ts';
import {ModelError} from '../../errors.ts';
import type {Pattern} from '../../numerics/linalg/mask.ts';

/**
 * Refuses a pattern that does not fit into the neurons of a layer.
 * @throws ModelError naming the layer
 */
export function requirePattern(stage: string, {name, info: {features}}: CompressionTarget, pattern: Pattern): void {
  if (pattern === 'unstructured' || features % pattern.m === 0) return;
  throw new ModelError(
    `${stage}: layer '${name}': expected features that the ${pattern.m} of pattern ${pattern.n}:${pattern.m} divides, got ${features}; ` +
      'leave the layer out of `include`, or choose another pattern',
  );
}
