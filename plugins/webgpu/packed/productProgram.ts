import type {FusedActivation} from '../../../src/ops/packed/packedOps.ts';
import type {Program} from '../program.ts';
import {codeOf, fourCodes, type LetterForm, letterKey, letterOf, readsVectors} from './packedLetters.ts';

/** What the text of {@link packedProduct} depends on. */
export interface ProductForm {
  readonly letters: LetterForm;
  readonly offsets: boolean;
  readonly bias: boolean;
  readonly activation: FusedActivation;
  /** Whether x holds one row for each row of the result, or images of which the rows are windows, each pixel a whole number of runs. */
  readonly source: 'rows' | 'windows';
  /** Whether every run is full of codes, or the last of a group may be broken off. */
  readonly runs: 'full' | 'broken';
  readonly tile: ProductTile;
}

/** What one invocation computes, and how many share its sums. */
export interface ProductTile {
  readonly rows: number;
  readonly neurons: number;
  /** Invocations of a workgroup that each sum over a part of the features. */
  readonly slices: number;
}

/** Buffers of {@link packedProduct}; those that its form has. */
export type ProductInput = 'x' | 'codes' | 'steps' | 'offsets' | 'bias';

/** Numbers of {@link packedProduct}. Strides of x count what the program reads: four neighbouring numbers, or one ({@link readsVectors}). */
export type ProductUniform =
  | 'rows'
  | 'firstRow'
  | 'features'
  | 'neurons'
  | 'groupSize'
  | 'groups'
  | 'runs'
  | 'rowStride'
  | 'groupStride'
  | 'levels'
  | 'origin'
  | WindowUniform;

const WINDOW_UNIFORMS = [
  'outHeight',
  'outWidth',
  'imageStride',
  'lineStride',
  'pixelStride',
  'kernelWidth',
  'strideY',
  'strideX',
  'dilationY',
  'dilationX',
] as const;
type WindowUniform = (typeof WINDOW_UNIFORMS)[number];

/** Neighbouring neurons of a workgroup whose invocations share sums: a warp reads each line of words whole. */
export const LANES = 32;

/**
 * y = act(x Q + bias) with packed Q, decoded in registers:
 *
 *     y_n = act( Σ_g step_gn Σ_t x_t z_tn + offset_gn Σ_t x_t + bias_n ),   z = letter + origin,
 *
 * with t over the features of group g that are not pruned. Letters are small exact numbers, so that steps are multiplied once a group.
 * One invocation for a tile of rows and neurons ({@link productInvocations}).
 */
export function packedProduct(form: ProductForm): Program<ProductInput, ProductUniform> {
  const {letters, offsets, bias, activation, source, runs, tile} = form;
  const inputs: ProductInput[] = [
    'x',
    'codes',
    'steps',
    ...(offsets ? (['offsets'] as const) : []),
    ...(bias ? (['bias'] as const) : []),
  ];
  return {
    shaderKey: [
      'packedProduct',
      letterKey(letters),
      ...inputs,
      activation,
      source,
      runs,
      tile.rows,
      tile.neurons,
      tile.slices,
    ].join('_'),
    inputs,
    vectors: readsVectors(letters) ? ['x'] : [],
    ...(tile.slices > 1 && {workgroupSize: LANES * tile.slices}),
    uniforms: {
      i32: [
        'rows',
        'firstRow',
        'features',
        'neurons',
        'groupSize',
        'groups',
        'runs',
        'rowStride',
        'groupStride',
        ...(source === 'windows' ? WINDOW_UNIFORMS : []),
      ],
      u32: ['levels'],
      f32: ['origin'],
    },
    code: productCode(form),
  };
}

/** How many invocations a product of so many rows and neurons needs. */
export function productInvocations(rows: number, neurons: number, tile: ProductTile): number {
  const columns = Math.ceil(neurons / tile.neurons);
  return Math.ceil(rows / tile.rows) * (tile.slices > 1 ? Math.ceil(columns / LANES) * LANES * tile.slices : columns);
}

function productCode(form: ProductForm): string {
  const {
    tile: {rows, neurons, slices},
    letters: {perRun, wordsPerRun, zeros},
  } = form;
  const cells = range(rows).flatMap((r) => range(neurons).map((c) => ({r, c, cell: `${r}_${c}`})));
  const kept = typeof zeros === 'object' ? `size / ${zeros.m} * ${zeros.n}` : 'size';
  return /* wgsl */ `
    ${slices > 1 ? `var<workgroup> partial : array<f32, ${LANES * slices * cells.length}>;` : ''}

    fn main(index : i32) {
      let columns = (uniforms.neurons + ${neurons - 1}) / ${neurons};
      ${placeCode(form)}
      ${lines(range(rows), (r) => `let row${r} = ${rowCode(form, r)};`)}
      ${lines(range(neurons), (c) => `let neuron${c} = min(column + ${c} * columns, uniforms.neurons - 1);`)}
      ${lines(cells, ({cell}) => `var total${cell} = 0.0;`)}
      for (var group = firstRun / uniforms.runs; group * uniforms.runs < lastRun; group++) {
        let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
        let kept = ${kept};
        let end = min(lastRun - group * uniforms.runs, (kept + ${perRun - 1}) / ${perRun});
        var run = max(firstRun - group * uniforms.runs, 0);
        ${lines(cells, ({cell}) => `var sum${cell} = 0.0;${form.offsets ? ` var plain${cell} = 0.0;` : ''}`)}
        ${startCode(form)}
        for (; run < end; run++) {
          let first = run * ${perRun};
          let line = (group * uniforms.runs + run) * ${wordsPerRun} * uniforms.neurons;
          ${lines(range(neurons), (c) => lines(range(wordsPerRun), (j) => `let word${j}_${c} = bitcast<u32>(codes[line + ${j} * uniforms.neurons + neuron${c}]);`))}
          ${runCode(form)}
          ${endCode(form)}
        }
        ${lines(range(neurons), (c) => `let cell${c} = group * uniforms.neurons + neuron${c};`)}
        ${lines(cells, ({cell, c}) => `total${cell} += sum${cell} * steps[cell${c}]${form.offsets ? ` + plain${cell} * offsets[cell${c}]` : ''};`)}
      }
      ${
        slices > 1
          ? foldCode(
              cells.map(({cell}) => `total${cell}`),
              slices,
            )
          : ''
      }
      ${lines(
        cells,
        ({
          r,
          c,
          cell,
        }) => `if (live && block * ${rows} + ${r} < uniforms.rows && column + ${c} * columns < uniforms.neurons) {
        result[(uniforms.firstRow + block * ${rows} + ${r}) * uniforms.neurons + neuron${c}] = ${activationCode(form.activation, `total${cell}${form.bias ? ` + bias[neuron${c}]` : ''}`)};
      }`,
      )}
    }`;
}

/** Which tile an invocation computes, and its part of the runs. Where sums are shared nobody may leave before the barrier. */
function placeCode({tile: {rows, slices}}: ProductForm): string {
  const all = 'uniforms.groups * uniforms.runs';
  if (slices === 1) {
    return `let column = index % columns;
      let block = index / columns;
      let live = block * ${rows} < uniforms.rows;
      if (!live) { return; }
      let firstRun = 0;
      let lastRun = ${all};`;
  }
  return `let tiles = (columns + ${LANES - 1}) / ${LANES};
      let tile = index / ${LANES * slices};
      let place = index % ${LANES * slices};
      let slice = place / ${LANES};
      let column = (tile % tiles) * ${LANES} + place % ${LANES};
      let block = tile / tiles;
      let live = slice == 0 && column < columns && block * ${rows} < uniforms.rows;
      let firstRun = slice * ${all} / ${slices};
      let lastRun = (slice + 1) * ${all} / ${slices};`;
}

/** Where row r of the tile begins in x; rows past the end read the last one. */
function rowCode({source, tile: {rows}}: ProductForm, r: number): string {
  const row = `min(block * ${rows} + ${r}, uniforms.rows - 1)`;
  if (source === 'rows') return `${row} * uniforms.rowStride`;
  return `(${row} / (uniforms.outHeight * uniforms.outWidth)) * uniforms.imageStride
        + (${row} / uniforms.outWidth % uniforms.outHeight) * uniforms.strideY * uniforms.lineStride
        + (${row} % uniforms.outWidth) * uniforms.strideX * uniforms.pixelStride`;
}

/** `at`: where the features of the next run lie, seen from the beginning of a row. A run of a window lies in one pixel. */
function startCode({source, letters}: ProductForm): string {
  const start = `group * uniforms.groupStride + run * ${stepOf(letters)}`;
  if (source === 'rows') return `var at = ${start};`;
  return `var tap = (${start}) / uniforms.pixelStride;
        var channel = (${start}) % uniforms.pixelStride;
        var at = channel + ${TAP};`;
}

function endCode({source, letters}: ProductForm): string {
  const step = stepOf(letters);
  return source === 'rows'
    ? `at += ${step};`
    : `at += ${step};
          channel += ${step};
          if (channel == uniforms.pixelStride) {
            channel = 0;
            tap++;
            at = ${TAP};
          }`;
}

/** How far a run goes in x; places are seen from the beginning of a group. */
function stepOf(letters: LetterForm): number {
  return readsVectors(letters) ? letters.perRun / 4 : 0;
}

const TAP =
  '(tap / uniforms.kernelWidth) * uniforms.dilationY * uniforms.lineStride + (tap % uniforms.kernelWidth) * uniforms.dilationX * uniforms.pixelStride';

/** The products of one run, code by code or four at a time. */
function runCode(form: ProductForm): string {
  const {letters, runs} = form;
  const guarded = (i: number, code: string) => `${runs === 'broken' ? `if (first + ${i} < kept) ` : ''}{ ${code} }`;
  if (!readsVectors(letters))
    return range(letters.perRun)
      .map((i) => guarded(i, codeWithPosition(form, i)))
      .join('\n');
  return range(letters.perRun / 4)
    .map((i) => guarded(4 * i, fourCode(form, 4 * i)))
    .join('\n');
}

function fourCode({letters, offsets, tile}: ProductForm, i: number): string {
  const sentinel = letters.zeros === 'sentinel';
  return `${lines(range(tile.rows), (r) => `let x${r} = x[row${r} + at + ${i / 4}];`)}
    ${lines(range(tile.neurons), (c) => {
      const codes = fourCodes(i, letters, (j) => `word${j}_${c}`);
      return `let code${c} = ${codes};
        ${sentinel ? `let keep${c} = select(vec4<f32>(1.0), vec4<f32>(), code${c} == vec4<u32>(uniforms.levels));` : ''}
        let z${c} = ${sentinel ? `keep${c} * ` : ''}(vec4<f32>(code${c}) + uniforms.origin);`;
    })}
    ${lines(range(tile.rows), (r) => lines(range(tile.neurons), (c) => `sum${r}_${c} += dot(x${r}, z${c});${offsets ? ` plain${r}_${c} += dot(x${r}, ${sentinel ? `keep${c}` : 'vec4<f32>(1.0)'});` : ''}`))}`;
}

/** A kept code of N:M and its place: the pruned features between are never met. */
function codeWithPosition({letters, offsets, tile}: ProductForm, i: number): string {
  const {zeros, letterBits} = letters;
  const {n, m} = typeof zeros === 'object' ? zeros : {n: 1, m: 1};
  return `let block${i} = at + (first + ${i}) / ${n} * ${m};
    ${lines(
      range(tile.neurons),
      (c) => `let code${c} = ${codeOf(i, letters, (j) => `word${j}_${c}`)};
      let z${c} = f32(${letterOf(`code${c}`, letters)}) + uniforms.origin;
      let t${c} = block${i} + i32(code${c} >> ${letterBits}u);`,
    )}
    ${lines(range(tile.rows), (r) =>
      lines(
        range(tile.neurons),
        (c) => `{
      let value = x[row${r} + t${c}];
      sum${r}_${c} += value * z${c};${offsets ? ` plain${r}_${c} += value;` : ''}
    }`,
      ),
    )}`;
}

/** Adds up what the slices of a workgroup summed, into the first. */
function foldCode(totals: readonly string[], slices: number): string {
  const size = LANES * slices;
  return `${totals.map((total, i) => `partial[${i * size} + place] = ${total};`).join('\n')}
      workgroupBarrier();
      if (live) {
        for (var other = 1; other < ${slices}; other++) {
          ${totals.map((total, i) => `${total} += partial[${i * size} + other * ${LANES} + place];`).join('\n')}
        }
      }`;
}

/** WGSL of the activations that packed kernels compute themselves. */
export function activationCode(activation: FusedActivation, sum: string): string {
  if (activation === 'relu') return `max(${sum}, 0.0)`;
  return activation === 'relu6' ? `clamp(${sum}, 0.0, 6.0)` : sum;
}

function lines<Item>(items: readonly Item[], line: (item: Item) => string): string {
  return items.map(line).join('\n');
}

function range(length: number): number[] {
  return Array.from({length}, (_, i) => i);
}
