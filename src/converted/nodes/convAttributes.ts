import {type NodeDef, numbersAttr, textAttr} from '../graph/nodeDef.ts';

/** The attributes of a convolution node. */
export interface ConvAttributes {
  /** As arguments of a tfjs layer. */
  readonly layerArgs: {
    readonly strides: [number, number];
    readonly padding: 'same' | 'valid';
    readonly dataFormat: 'channelsLast' | 'channelsFirst';
  };
  readonly dilations: [number, number];
  /**
   * Zeros around the input, `[before, after]` by axis, which tfjs layers cannot have; undefined where padding is none.
   */
  readonly explicitPadding: ReadonlyArray<readonly [number, number]> | undefined;
}

/** Reads the attributes of a convolution node. */
export function readConvAttributes(node: NodeDef): ConvAttributes {
  const isChannelsLast = (textAttr(node, 'data_format') ?? 'NHWC').toUpperCase() === 'NHWC';
  const padding = (textAttr(node, 'padding') ?? 'VALID').toUpperCase();
  return {
    layerArgs: {
      strides: spatial(numbersAttr(node, 'strides'), isChannelsLast),
      padding: padding === 'SAME' ? 'same' : 'valid',
      dataFormat: isChannelsLast ? 'channelsLast' : 'channelsFirst',
    },
    dilations: spatial(numbersAttr(node, 'dilations'), isChannelsLast),
    explicitPadding: padding === 'EXPLICIT' ? pairs(numbersAttr(node, 'explicit_paddings')) : undefined,
  };
}

/** The shape of images with this many channels. */
export function imageShape(channels: number, isChannelsLast: boolean): ReadonlyArray<number | null> {
  return isChannelsLast ? [null, null, null, channels] : [null, channels, null, null];
}

/** Why tfjs has no layer with these attributes. */
export function convRefusal({layerArgs: {strides}, dilations}: ConvAttributes): string | undefined {
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
