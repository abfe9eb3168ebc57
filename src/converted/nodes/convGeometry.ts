import {type NodeDef, numbersAttr, textAttr} from '../graph/nodeDef.ts';

/** How a convolution lies on its input. */
export interface ConvGeometry {
  readonly isChannelsLast: boolean;
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly padding: 'same' | 'valid';
  /** By axis, where the padding is none of these two. */
  readonly explicit: ReadonlyArray<readonly [number, number]> | undefined;
}

/** Reads the attributes of a convolution. */
export function readConvGeometry(node: NodeDef): ConvGeometry {
  const isChannelsLast = (textAttr(node, 'data_format') ?? 'NHWC').toUpperCase() === 'NHWC';
  const padding = (textAttr(node, 'padding') ?? 'VALID').toUpperCase();
  return {
    isChannelsLast,
    strides: spatial(numbersAttr(node, 'strides'), isChannelsLast),
    dilations: spatial(numbersAttr(node, 'dilations'), isChannelsLast),
    padding: padding === 'SAME' ? 'same' : 'valid',
    explicit: padding === 'EXPLICIT' ? pairs(numbersAttr(node, 'explicit_paddings')) : undefined,
  };
}

/** The shape of an image of so many channels. */
export function imageShape(channels: number, isChannelsLast: boolean): ReadonlyArray<number | null> {
  return isChannelsLast ? [null, null, null, channels] : [null, channels, null, null];
}

/** Why tfjs cannot run it as a layer. */
export function geometryRefusal({strides, dilations}: ConvGeometry): string | undefined {
  const isOne = (size: number): boolean => size === 1;
  return strides.every(isOne) || dilations.every(isOne)
    ? undefined
    : 'has strides as well as dilations, which tfjs layers do not have together';
}

function spatial(sizes: readonly number[], isChannelsLast: boolean): [number, number] {
  const [height = 1, width = 1] = isChannelsLast ? sizes.slice(1) : sizes.slice(2);
  return [height, width];
}

function pairs(sizes: readonly number[]): Array<readonly [number, number]> {
  return Array.from({length: sizes.length / 2}, (_, axis) => [sizes[2 * axis], sizes[2 * axis + 1]] as const);
}
