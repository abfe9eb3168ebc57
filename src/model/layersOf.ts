import {type layers, LayersModel} from '@tensorflow/tfjs-layers';

/** Every layer of a model; a nested model is replaced by its layers. */
export function layersOf(model: LayersModel): layers.Layer[] {
  return model.layers.flatMap((layer) => (layer instanceof LayersModel ? layersOf(layer) : [layer]));
}
