import type {CompressionTarget} from '../../calibration/targets.ts';
import {ModelError} from '../../errors.ts';
import type {Pattern} from '../../numerics/linalg/mask.ts';

/**
 * Refuses a pattern n:m whose m does not divide the features of a layer.
 * @throws ModelError naming the layer
 */
export function requirePattern(stage: string, {name, info: {features}}: CompressionTarget, pattern: Pattern): void {
  if (pattern === 'unstructured' || features % pattern.m === 0) return;
  const {n, m} = pattern;
  throw new ModelError(
    `${stage}: layer '${name}': expected features that the ${m} of pattern ${n}:${m} divides, got ${features}; ` +
      'leave the layer out of `include`, or choose another pattern',
  );
}
