import type {serialization} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {ArtifactError, damagedFile, formatValue, messageOf} from '../errors.ts';
import type {LayerAdapter} from '../layers/adapter/layerAdapter.ts';
import {adapterOfClass, supportedClassNames} from '../layers/registry.ts';
import {createLayer} from '../tfjsInternals.ts';

/** A layer as tfjs writes it. */
export interface WrappedLayerConfig {
  readonly className: string;
  readonly config: serialization.ConfigDict;
}

/**
 * Makes a layer from its description, not built: without weights.
 * @param name of the packed layer, for messages
 * @throws ArtifactError if its type cannot be packed, or tfjs refuses its configuration
 */
export function createWrappedLayer(
  name: string,
  {className, config}: WrappedLayerConfig,
): {layer: layers.Layer; adapter: LayerAdapter} {
  const adapter = adapterOfClass(className);
  if (!adapter)
    throw new ArtifactError(
      `layer '${name}': expected a packed layer of type ${supportedClassNames().join(', ')}, ` +
        `found ${formatValue(className)}`,
    );
  const layer = requestedLayer(name, {className, config});
  const reason = adapter.refusal?.(layer);
  if (reason !== undefined)
    throw damagedFile(`layer '${name}': expected a ${className} that can be packed, found one that ${reason}`);
  return {layer, adapter};
}

function requestedLayer(name: string, {className, config}: WrappedLayerConfig): layers.Layer {
  try {
    return createLayer(className, config);
  } catch (cause) {
    throw new ArtifactError(`layer '${name}': expected the configuration of a ${className}, got: ${messageOf(cause)}`, {
      cause,
    });
  }
}
