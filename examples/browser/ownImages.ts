import {classNames, drawImage, imageAt, type Images, joined, side} from './images.ts';
import {element, made, showProblem, write} from './page.ts';
import {ownImages} from './session.ts';

/** Lets the user draw or choose images, and label them. */
export function startOwnImages(): void {
  const canvas = element('drawing', HTMLCanvasElement);
  const label = element('own-label', HTMLSelectElement);
  const upload = element('upload', HTMLInputElement);
  label.append(...classNames.map((name, i) => made('option', {value: String(i)}, name)));
  clear(canvas);
  startPen(canvas);
  element('own-clear', HTMLButtonElement).onclick = () => {
    clear(canvas);
  };
  element('own-add', HTMLButtonElement).onclick = () => {
    ownImages.next(joined([ownImages.value, {pixels: pixelsOf(canvas), labels: Uint8Array.of(Number(label.value))}]));
    clear(canvas);
    upload.value = '';
  };
  upload.onchange = () => {
    const [file] = upload.files ?? [];
    if (file !== undefined) show(file, canvas).catch(showProblem);
  };
  ownImages.subscribe(listImages);
}

/** Fashion-MNIST shows things bright on black. */
function clear(canvas: HTMLCanvasElement): void {
  const context = contextOf(canvas);
  context.fillStyle = 'black';
  context.fillRect(0, 0, canvas.width, canvas.height);
}

function startPen(canvas: HTMLCanvasElement): void {
  const context = contextOf(canvas);
  const to = ({offsetX, offsetY}: PointerEvent): [number, number] => [
    (offsetX * canvas.width) / canvas.clientWidth,
    (offsetY * canvas.height) / canvas.clientHeight,
  ];
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    Object.assign(context, {strokeStyle: 'white', lineWidth: canvas.width / 12, lineCap: 'round', lineJoin: 'round'});
    context.beginPath();
    context.moveTo(...to(event));
  };
  canvas.onpointermove = (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    context.lineTo(...to(event));
    context.stroke();
  };
}

async function show(file: File, canvas: HTMLCanvasElement): Promise<void> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name}: expected an image that this browser can read, as PNG or JPEG`);
  });
  clear(canvas);
  const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  contextOf(canvas).drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  bitmap.close();
}

/** Shrunk to 28 × 28, as grey as the eye sees it. */
function pixelsOf(canvas: HTMLCanvasElement): Uint8Array {
  const small = contextOf(made('canvas', {width: side, height: side}));
  small.imageSmoothingQuality = 'high';
  small.drawImage(canvas, 0, 0, side, side);
  const {data} = small.getImageData(0, 0, side, side);
  return Uint8Array.from(
    {length: side * side},
    (_, i) => 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2],
  );
}

function listImages(images: Images): void {
  const count = images.labels.length;
  write('own-count', count === 0 ? '' : `(${count})`);
  element('own-list', HTMLElement).replaceChildren(
    ...Array.from(images.labels, (label, i) => {
      const canvas = made('canvas', {width: side, height: side});
      drawImage(canvas, imageAt(images, i));
      const remove = made(
        'button',
        {
          type: 'button',
          className: 'quiet',
          onclick: () => {
            ownImages.next(without(images, i));
          },
        },
        '×',
      );
      remove.setAttribute('aria-label', `Remove image ${i + 1}, ${classNames[label]}`);
      return made('li', {}, canvas, classNames[label], remove);
    }),
  );
}

function without(images: Images, index: number): Images {
  return joined(
    Array.from(images.labels.keys())
      .filter((i) => i !== index)
      .map((i) => imageAt(images, i)),
  );
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', {willReadFrequently: true});
  if (!context) throw new Error('expected a browser that draws on a canvas');
  return context;
}
