import * as tf from '@tensorflow/tfjs';
import {connect} from './connect.ts';

/** Expansion, channels, blocks and first stride of each stage of MobileNetV2 (Sandler et al. 2018, table 2). */
const STAGES = [
  {expansion: 1, channels: 16, blocks: 1, stride: 1},
  {expansion: 6, channels: 24, blocks: 2, stride: 2},
  {expansion: 6, channels: 32, blocks: 3, stride: 2},
  {expansion: 6, channels: 64, blocks: 4, stride: 2},
  {expansion: 6, channels: 96, blocks: 3, stride: 1},
  {expansion: 6, channels: 160, blocks: 3, stride: 2},
  {expansion: 6, channels: 320, blocks: 1, stride: 1},
] as const;

/**
 * A model of MobileNetV2's shape with random weights of fixed seeds: 35 Conv2D, 17 DepthwiseConv2D, and a Dense for 256
 * classes.
 */
export function createMobileNet(): tf.LayersModel {
  const {add, dense, globalAveragePooling2d} = tf.layers;
  const seeds = counter();
  const input = tf.input({shape: [96, 96, 3]});
  let x = normed(conv(input, {filters: 32, kernelSize: 3, strides: 2, seed: seeds()}));
  for (const {expansion, channels, blocks, stride} of STAGES) {
    for (let block = 0; block < blocks; block++) {
      const y = bottleneck(x, {expansion, channels, stride: block === 0 ? stride : 1, seeds});
      x = block === 0 ? y : connect(add(), [x, y]);
    }
  }
  x = normed(conv(x, {filters: 1280, kernelSize: 1, seed: seeds()}));
  x = connect(globalAveragePooling2d({}), x);
  x = connect(
    dense({units: 256, activation: 'softmax', kernelInitializer: tf.initializers.glorotUniform({seed: seeds()})}),
    x,
  );
  return tf.model({inputs: input, outputs: x, name: 'mobile_net_v2_shape'});
}

interface Bottleneck {
  readonly expansion: number;
  readonly channels: number;
  readonly stride: number;
  readonly seeds: () => number;
}

/** Expanded by a convolution of 1 × 1, filtered by channel, and projected without an activation. */
function bottleneck(x: tf.SymbolicTensor, {expansion, channels, stride, seeds}: Bottleneck): tf.SymbolicTensor {
  const filters = expansion * (x.shape.at(-1) ?? 1);
  const wide = expansion === 1 ? x : normed(conv(x, {filters, kernelSize: 1, seed: seeds()}));
  const depthwiseInitializer = tf.initializers.heNormal({seed: seeds()});
  const filtered = normed(
    connect(
      tf.layers.depthwiseConv2d({
        kernelSize: 3,
        strides: stride,
        padding: 'same',
        useBias: false,
        depthwiseInitializer,
      }),
      wide,
    ),
  );
  return connect(tf.layers.batchNormalization(), conv(filtered, {filters: channels, kernelSize: 1, seed: seeds()}));
}

function conv(
  x: tf.SymbolicTensor,
  {
    seed,
    ...args
  }: {readonly filters: number; readonly kernelSize: number; readonly strides?: number; readonly seed: number},
): tf.SymbolicTensor {
  return connect(
    tf.layers.conv2d({...args, padding: 'same', useBias: false, kernelInitializer: tf.initializers.heNormal({seed})}),
    x,
  );
}

function normed(x: tf.SymbolicTensor): tf.SymbolicTensor {
  return connect(tf.layers.reLU({maxValue: 6}), connect(tf.layers.batchNormalization(), x));
}

function counter(): () => number {
  let count = 0;
  return () => ++count;
}
