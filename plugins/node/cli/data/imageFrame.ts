import {DataError} from 'tfjs-compress';

/** What a model wants of an image. */
export interface ImageFrame {
  readonly height: number;
  readonly width: number;
  /** 1: luminance; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /**
   * Whether the model takes any size, so that pixels are cut out of the middle as they are where there are enough:
   * scale matters for super-resolution.
   */
  readonly cuts: boolean;
}

const ANY_SIZE = [128, 128] as const;

/**
 * The images that a model takes.
 * @param path of the images, for messages
 * @param inputShape `model.inputs[0].shape`
 * @param size height and width where the model leaves them open
 * @throws DataError if the model takes no images, or none of that size
 */
export function imageFrame(
  path: string,
  inputShape: readonly (number | null)[],
  size?: readonly [number, number],
): ImageFrame {
  const [, height, width, channels = 3] = inputShape;
  if (inputShape.length !== 4 || (channels !== null && channels !== 1 && channels !== 3)) {
    throw new DataError(
      `${path}: expected a model that takes images, [batch, height, width, 1 or 3], got one that takes ` +
        `${shapeText(inputShape)}; give its inputs as a .npy file`,
    );
  }
  if (size && height !== null && width !== null && (size[0] !== height || size[1] !== width)) {
    throw new DataError(
      `${path}: expected no other size than that of the model, ${height}×${width}, got ${size.join('×')}; ` +
        'images are resized to what the model takes',
    );
  }
  const [anyHeight, anyWidth] = size ?? ANY_SIZE;
  return {
    height: height ?? anyHeight,
    width: width ?? anyWidth,
    channels: channels ?? 3,
    cuts: height === null && width === null,
  };
}

function shapeText(shape: readonly (number | null)[]): string {
  return `[${shape.map((length, axis) => (axis === 0 ? 'batch' : (length ?? 'any'))).join(', ')}]`;
}
