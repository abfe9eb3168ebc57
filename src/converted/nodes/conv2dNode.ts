import {layers} from '@tensorflow/tfjs-layers';
import {inputsOfNode} from '../graph/nodeDef.ts';
import {convRefusal, imageShape, readConvAttributes} from './convAttributes.ts';
import type {WeightedOp} from './weightedNode.ts';

/** Conv2D with a constant filter `[height, width, channels, filters]`. */
export const conv2dNode: WeightedOp = {
  ops: ['Conv2D', '_FusedConv2D'],
  read(node, graph) {
    const [input, kernel] = inputsOfNode(node);
    if (!graph.isConstant(kernel)) return 'has a filter that is computed from the inputs';
    const attributes = readConvAttributes(node);
    const refusal = convRefusal(attributes);
    if (refusal !== undefined) return refusal;
    const [height, width, channels, filters] = graph.constant(kernel).shape;
    const {layerArgs, dilations, explicitPadding} = attributes;
    const isChannelsLast = layerArgs.dataFormat === 'channelsLast';
    return {
      input,
      kernel,
      isChannelsLast,
      isTransposed: false,
      neurons: filters,
      padding: explicitPadding,
      inputShape: imageShape(channels, isChannelsLast),
      layer: (options) =>
        layers.conv2d({
          ...options,
          ...layerArgs,
          filters,
          kernelSize: [height, width],
          dilationRate: dilations,
          kernelInitializer: 'zeros',
        }),
    };
  },
};
