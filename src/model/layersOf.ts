import {type layers, LayersModel} from '@tensorflow/tfjs-layers';

/** Every layer of a model, those of nested models in their place. */
export function layersOf(model: LayersModel): layers.Layer[] {
  return model.layers.flatMap((layer) => (layer instanceof LayersModel ? layersOf(layer) : [layer]));
}
