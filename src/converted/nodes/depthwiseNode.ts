import {layers} from '@tensorflow/tfjs-layers';
import {inputsOfNode} from '../graph/nodeDef.ts';
import {imageShape, readConvAttributes} from './convAttributes.ts';
import type {WeightedOp} from './weightedNode.ts';

/** DepthwiseConv2dNative with a constant filter `[height, width, channels, multiplier]`. */
export const depthwiseNode: WeightedOp = {
  ops: ['DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative'],
  read(node, graph) {
    const [input, kernel] = inputsOfNode(node);
    if (!graph.isConstant(kernel)) return 'has a filter that is computed from the inputs';
    const {layerArgs, dilations, explicitPadding} = readConvAttributes(node);
    const isChannelsLast = layerArgs.dataFormat === 'channelsLast';
    if (dilations.some((size) => size !== 1)) return 'has dilations, which the layer DepthwiseConv2D of tfjs ignores';
    const [height, width, channels, depthMultiplier] = graph.constant(kernel).shape;
    return {
      input,
      kernel,
      isChannelsLast,
      isTransposed: false,
      neurons: channels * depthMultiplier,
      padding: explicitPadding,
      inputShape: imageShape(channels, isChannelsLast),
      layer: (options) =>
        layers.depthwiseConv2d({
          ...options,
          ...layerArgs,
          kernelSize: [height, width],
          depthMultiplier,
          depthwiseInitializer: 'zeros',
        }),
    };
  },
};
