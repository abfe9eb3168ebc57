import {layers} from '@tensorflow/tfjs-layers';
import {inputsOfNode} from '../graph/nodeDef.ts';
import {geometryRefusal, imageShape, readConvGeometry} from './convGeometry.ts';
import type {WeightedOp} from './weightedNode.ts';

/** Conv2D with a constant filter `[height, width, channels, filters]`. */
export const conv2dNode: WeightedOp = {
  ops: ['Conv2D', '_FusedConv2D'],
  read(node, graph) {
    const [input, kernel] = inputsOfNode(node);
    if (!graph.isConstant(kernel)) return 'has a filter that is computed from the inputs';
    const geometry = readConvGeometry(node);
    const refusal = geometryRefusal(geometry);
    if (refusal !== undefined) return refusal;
    const [height, width, channels, filters] = graph.constant(kernel).shape;
    const {isChannelsLast, strides, dilations, padding, explicit} = geometry;
    return {
      input,
      kernel,
      isChannelsLast,
      isTransposed: false,
      neurons: filters,
      padding: explicit,
      inputShape: imageShape(channels, isChannelsLast),
      layer: (options) =>
        layers.conv2d({
          ...options,
          filters,
          kernelSize: [height, width],
          strides,
          dilationRate: dilations,
          padding,
          dataFormat: isChannelsLast ? 'channelsLast' : 'channelsFirst',
          kernelInitializer: 'zeros',
        }),
    };
  },
};
