import {type Matrix, matrix, multiply} from 'tfjs-compress/numerics';
import {activations} from './cells64.ts';
import type {Numbers} from './layerCase.ts';

/** A ConvLSTM2D in plain float64, written after its formulas alone; channels last. */
export interface ConvLstm64 {
  readonly strides?: number;
  readonly dilation?: number;
  readonly padding?: 'same' | 'valid';
  readonly activation?: keyof typeof activations;
  readonly goBackwards?: boolean;
}

/** Rows are batch · time · pixels of the state, in the order of the input. */
export interface ConvRun64 {
  /** Windows of x_t and of h_{t−1}, and what they give before activations: with the bias, and without. */
  readonly inputs: Matrix;
  readonly hidden: Matrix;
  readonly inputSums: Matrix;
  readonly hiddenSums: Matrix;
  /** h_t in the order of the steps that are taken. */
  readonly outputs: Float64Array;
}

/** Runs it on `[batch, time, height, width, channels]`. */
export function runConv64(
  layer: ConvLstm64,
  {shape: [batch, time, ...image], data}: Numbers,
  [kernel, recurrent, bias]: readonly Numbers[],
): ConvRun64 {
  const {strides = 1, dilation = 1, padding = 'valid', goBackwards = false} = layer;
  const pixelsIn = image.reduce((product, size) => product * size, 1);
  const steps = Array.from({length: batch * time}, (_, row) =>
    windows64({shape: image, data: data.slice(row * pixelsIn, (row + 1) * pixelsIn)}, kernel, {
      strides,
      dilation,
      padding,
    }),
  );
  const [
    {
      size: [height, width],
    },
  ] = steps;
  const filters = recurrent.shape[2];
  const inputSums = steps.map(({rows}) => plusBias(multiply(rows, asMatrix(kernel)), bias as Numbers | undefined));
  const [hidden, hiddenSums, outputs]: Matrix[][] = [[], [], []];
  for (let b = 0; b < batch; b++) {
    let [h, c] = [new Float64Array(height * width * filters), new Float64Array(height * width * filters)];
    for (let step = 0; step < time; step++) {
      const row = b * time + (goBackwards ? time - 1 - step : step);
      hidden[row] = windows64({shape: [height, width, filters], data: h}, recurrent, {
        strides: 1,
        dilation: 1,
        padding: 'same',
      }).rows;
      hiddenSums[row] = multiply(hidden[row], asMatrix(recurrent));
      [h, c] = gates64(layer, inputSums[row], hiddenSums[row], c);
      outputs[b * time + step] = matrix(height * width, filters, h);
    }
  }
  return {
    inputs: stacked(steps.map(({rows}) => rows)),
    hidden: stacked(hidden),
    inputSums: stacked(inputSums),
    hiddenSums: stacked(hiddenSums),
    outputs: stacked(outputs).data,
  };
}

/** h and c of every pixel. */
function gates64(
  {activation = 'tanh'}: ConvLstm64,
  x: Matrix,
  r: Matrix,
  c: Float64Array,
): [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>] {
  const filters = x.columns / 4;
  const [f, g] = [activations[activation], activations.hardSigmoid];
  const at = (i: number, block: number): number => {
    const place = Math.floor(i / filters) * x.columns + block * filters + (i % filters);
    return x.data[place] + r.data[place];
  };
  const next = Float64Array.from(c, (old, i) => g(at(i, 1)) * old + g(at(i, 0)) * f(at(i, 2)));
  return [next.map((one, i) => g(at(i, 3)) * f(one)), next];
}

interface Conv64 {
  readonly strides: number;
  readonly dilation: number;
  readonly padding: 'same' | 'valid';
}

/** All windows of an image, as rows, and how many there are each way. */
function windows64(
  {shape: [height, width, channels], data}: Numbers,
  {shape: [kernelHeight, kernelWidth]}: Numbers,
  {strides, dilation, padding}: Conv64,
): {rows: Matrix; size: number[]} {
  const axes = [
    [height, kernelHeight],
    [width, kernelWidth],
  ].map(([length, kernel]) => {
    const span = (kernel - 1) * dilation + 1;
    const count = padding === 'same' ? Math.ceil(length / strides) : Math.ceil((length - span + 1) / strides);
    return {count, before: padding === 'same' ? Math.floor(Math.max(0, (count - 1) * strides + span - length) / 2) : 0};
  });
  const [down, across] = axes;
  const rows = matrix(down.count * across.count, kernelHeight * kernelWidth * channels);
  for (let i = 0; i < rows.data.length; i++) {
    const [row, entry] = [Math.floor(i / rows.columns), i % rows.columns];
    const [ky, kx, channel] = [
      Math.floor(entry / (kernelWidth * channels)),
      Math.floor(entry / channels) % kernelWidth,
      entry % channels,
    ];
    const y = Math.floor(row / across.count) * strides - down.before + ky * dilation;
    const x = (row % across.count) * strides - across.before + kx * dilation;
    if (y >= 0 && y < height && x >= 0 && x < width) rows.data[i] = data[(y * width + x) * channels + channel];
  }
  return {rows, size: axes.map(({count}) => count)};
}

function plusBias(sums: Matrix, bias: Numbers | undefined): Matrix {
  return matrix(
    sums.rows,
    sums.columns,
    sums.data.map((sum, i) => sum + (bias?.data[i % sums.columns] ?? 0)),
  );
}

function asMatrix({shape, data}: Numbers): Matrix {
  const columns = shape[shape.length - 1];
  return matrix(data.length / columns, columns, data);
}

function stacked(parts: readonly Matrix[]): Matrix {
  const [{columns}] = parts;
  return matrix(
    parts.reduce((sum, {rows}) => sum + rows, 0),
    columns,
    Float64Array.from(parts.flatMap(({data}) => Array.from(data))),
  );
}
