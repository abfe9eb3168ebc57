/** The classes of Fashion-MNIST. */
export const classNames = [
  'T-shirt',
  'Trousers',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Boot',
] as const;

/** Rows and columns of an image. */
export const side = 28;

/** An image's pixels. */
export const area = side * side;

/** Labelled images of 28 × 28 pixels. */
export interface Images {
  /** Row by row, from 0 (black) to 255, image after image. */
  readonly pixels: Uint8Array;
  /** The number of each image's class. */
  readonly labels: Uint8Array;
}

/** The images that come with the page: 400 to adapt the classifier on, or 300 others to test it with. */
export async function loadImages(part: 'adapt' | 'test'): Promise<Images> {
  const [pixels, labels] = await Promise.all([
    readIdx(`data/${part}-images.idx`, 16),
    readIdx(`data/${part}-labels.idx`, 8),
  ]);
  if (pixels.length !== labels.length * area)
    throw new Error(
      `data/${part}-images.idx: expected ${labels.length} images of ${area} bytes, got ${pixels.length} bytes`,
    );
  return {pixels, labels};
}

/** One of several images. */
export function imageAt({pixels, labels}: Images, index: number): Images {
  return {pixels: pixels.subarray(index * area, (index + 1) * area), labels: labels.subarray(index, index + 1)};
}

/** All of them one after the other. */
export function joined(parts: readonly Images[]): Images {
  return {pixels: concatenated(parts.map(({pixels}) => pixels)), labels: concatenated(parts.map(({labels}) => labels))};
}

/** Draws an image, pixel by pixel, at the given place of a row of images. */
export function drawImage(canvas: HTMLCanvasElement, {pixels}: Images, column = 0): void {
  const context = canvas.getContext('2d');
  const data = new ImageData(side, side);
  pixels.forEach((value, i) => {
    data.data.set([value, value, value, 255], 4 * i);
  });
  context?.putImageData(data, column * side, 0);
}

async function readIdx(file: string, header: number): Promise<Uint8Array> {
  const response = await fetch(file);
  if (!response.ok)
    throw new Error(`${file}: expected the images of the page, got HTTP status ${response.status}; reload the page`);
  return new Uint8Array(await response.arrayBuffer()).subarray(header);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, {length}) => sum + length, 0));
  let to = 0;
  for (const part of parts) {
    all.set(part, to);
    to += part.length;
  }
  return all;
}
