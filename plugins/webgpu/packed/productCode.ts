import {joinLines, range} from '../wgslText.ts';
import {activationCode} from './packedSums.ts';
import {LANES, type ProductForm, readsVectors} from './productForm.ts';
import {runCode} from './runCode.ts';

/** A sum of a tile: row r, neuron c, and how both are written in names. */
interface Cell {
  readonly r: number;
  readonly c: number;
  readonly cell: string;
}

/** The WGSL of a product; productForm.ts explains the words. */
export function productCode(form: ProductForm): string {
  const {rows, neurons, slices} = form.tile;
  const cells: Cell[] = range(rows).flatMap((r) => range(neurons).map((c) => ({r, c, cell: `${r}_${c}`})));
  const totals = cells.map(({cell}) => `total${cell}`);
  return /* wgsl */ `
    ${slices > 1 ? `var<workgroup> partial : array<f32, ${LANES * slices * cells.length}>;` : ''}

    fn main(index : i32) {
      let columns = (uniforms.neurons + ${neurons - 1}) / ${neurons};
      ${tileCode(form)}
      ${joinLines(range(rows), (r) => `let row${r} = ${rowCode(form, r)};`)}
      ${joinLines(range(neurons), (c) => `let neuron${c} = min(column + ${c} * columns, uniforms.neurons - 1);`)}
      ${joinLines(totals, (total) => `var ${total} = 0.0;`)}
      ${groupsCode(form, cells)}
      ${slices > 1 ? foldCode(totals, slices) : ''}
      ${joinLines(cells, (cell) => resultCode(form, cell))}
    }`;
}

/** The sums of a slice over all its groups, and of each group over its runs. */
function groupsCode(form: ProductForm, cells: readonly Cell[]): string {
  const {
    tile: {neurons},
    letters: {perRun, wordsPerRun, zeros},
    offsets,
  } = form;
  const words = range(neurons).flatMap((c) => range(wordsPerRun).map((j) => ({c, j})));
  return `for (var group = firstRun / uniforms.runs; group * uniforms.runs < lastRun; group++) {
        let size = min(uniforms.groupSize, uniforms.features - group * uniforms.groupSize);
        let kept = ${typeof zeros === 'object' ? `size / ${zeros.m} * ${zeros.n}` : 'size'};
        let end = min(lastRun - group * uniforms.runs, (kept + ${perRun - 1}) / ${perRun});
        var run = max(firstRun - group * uniforms.runs, 0);
        ${joinLines(cells, ({cell}) => `var sum${cell} = 0.0;${offsets ? ` var plain${cell} = 0.0;` : ''}`)}
        ${startCode(form)}
        for (; run < end; run++) {
          let first = run * ${perRun};
          let line = (group * uniforms.runs + run) * ${wordsPerRun} * uniforms.neurons;
          ${joinLines(words, ({c, j}) => `let word${j}_${c} = ${wordCode(c, j)};`)}
          ${runCode(form)}
          ${endCode(form)}
        }
        ${joinLines(range(neurons), (c) => `let cell${c} = group * uniforms.neurons + neuron${c};`)}
        ${joinLines(cells, ({cell, c}) => {
          const offset = offsets ? ` + plain${cell} * offsets[cell${c}]` : '';
          return `total${cell} += sum${cell} * steps[cell${c}]${offset};`;
        })}
      }`;
}

function wordCode(c: number, j: number): string {
  return `bitcast<u32>(codes[line + ${j} * uniforms.neurons + neuron${c}])`;
}

/**
 * Which tile an invocation computes, and its runs. Where sums are shared no invocation may leave before the barrier.
 */
function tileCode({tile: {rows, slices}}: ProductForm): string {
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
      let invocation = index % ${LANES * slices};
      let slice = invocation / ${LANES};
      let column = (tile % tiles) * ${LANES} + invocation % ${LANES};
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

/**
 * `at`: where the features of the next run begin, counted from the start of a row. A run of a window lies in one
 * pixel.
 */
function startCode(form: ProductForm): string {
  const start = `group * uniforms.groupStride + run * ${runStride(form)}`;
  if (form.source === 'rows') return `var at = ${start};`;
  return `var tap = (${start}) / uniforms.pixelStride;
        var channel = (${start}) % uniforms.pixelStride;
        var at = channel + ${TAP};`;
}

function endCode(form: ProductForm): string {
  const stride = runStride(form);
  return form.source === 'rows'
    ? `at += ${stride};`
    : `at += ${stride};
          channel += ${stride};
          if (channel == uniforms.pixelStride) {
            channel = 0;
            tap++;
            at = ${TAP};
          }`;
}

/** How far a run advances in x; positions of kept features are counted from the start of their group instead. */
function runStride({letters}: ProductForm): number {
  return readsVectors(letters) ? letters.perRun / 4 : 0;
}

const TAP =
  '(tap / uniforms.kernelWidth) * uniforms.dilationY * uniforms.lineStride ' +
  '+ (tap % uniforms.kernelWidth) * uniforms.dilationX * uniforms.pixelStride';

/** Adds up what the slices of a workgroup summed, into the first. */
function foldCode(totals: readonly string[], slices: number): string {
  const size = LANES * slices;
  return `${totals.map((total, i) => `partial[${i * size} + invocation] = ${total};`).join('\n')}
      workgroupBarrier();
      if (live) {
        for (var other = 1; other < ${slices}; other++) {
          ${totals.map((total, i) => `${total} += partial[${i * size} + other * ${LANES} + invocation];`).join('\n')}
        }
      }`;
}

/** Writes one sum of the tile, if its row and neuron exist. */
function resultCode({tile: {rows}, bias, activation}: ProductForm, {r, c, cell}: Cell): string {
  const row = `block * ${rows} + ${r}`;
  const sum = `total${cell}${bias ? ` + bias[neuron${c}]` : ''}`;
  const value = activationCode(activation, sum);
  return `if (live && ${row} < uniforms.rows && column + ${c} * columns < uniforms.neurons) {
        result[(uniforms.firstRow + ${row}) * uniforms.neurons + neuron${c}] = ${value};
      }`;
}
