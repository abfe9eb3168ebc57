import {joinLines, range} from '../wgslText.ts';
import {type ProductForm, readsVectors} from './productForm.ts';
import {codeOf, fourCodes, letterOf} from './unrolledCodes.ts';

/** WGSL: the products of one run, unrolled, four codes at a time or code by code. */
export function runCode(form: ProductForm): string {
  const {letters, runs} = form;
  const guard = (i: number, code: string) => `${runs === 'broken' ? `if (first + ${i} < kept) ` : ''}{\n${code}\n}`;
  return readsVectors(letters)
    ? joinLines(range(letters.perRun / 4), (i) => guard(4 * i, fourCode(form, 4 * i)))
    : joinLines(range(letters.perRun), (i) => guard(i, codeWithPosition(form, i)));
}

/** Codes i to i + 3 of every neuron times four numbers of every row. */
function fourCode({letters, offsets, tile}: ProductForm, i: number): string {
  const sentinel = letters.zeros === 'sentinel';
  return `${joinLines(range(tile.rows), (r) => `let x${r} = x[row${r} + at + ${i / 4}];`)}
    ${joinLines(range(tile.neurons), (c) => {
      const codes = fourCodes(i, letters, (j) => `word${j}_${c}`);
      const isSentinel = `code${c} == vec4<u32>(uniforms.levels)`;
      return `let code${c} = ${codes};
        ${sentinel ? `let keep${c} = select(vec4<f32>(1.0), vec4<f32>(), ${isSentinel});` : ''}
        let z${c} = ${sentinel ? `keep${c} * ` : ''}(vec4<f32>(code${c}) + uniforms.origin);`;
    })}
    ${joinCells(tile, (r, c) => {
      const plain = `plain${r}_${c} += dot(x${r}, ${sentinel ? `keep${c}` : 'vec4<f32>(1.0)'});`;
      return `sum${r}_${c} += dot(x${r}, z${c});${offsets ? ` ${plain}` : ''}`;
    })}`;
}

/** A kept code of n:m and its position: the pruned features between are never read. */
function codeWithPosition({letters, offsets, tile}: ProductForm, i: number): string {
  const {zeros, letterBits} = letters;
  const {n, m} = typeof zeros === 'object' ? zeros : {n: 1, m: 1};
  return `let block${i} = at + (first + ${i}) / ${n} * ${m};
    ${joinLines(
      range(tile.neurons),
      (c) => `let code${c} = ${codeOf(i, letters, (j) => `word${j}_${c}`)};
      let z${c} = f32(${letterOf(`code${c}`, letters)}) + uniforms.origin;
      let t${c} = block${i} + i32(code${c} >> ${letterBits}u);`,
    )}
    ${joinCells(
      tile,
      (r, c) => `{
      let value = x[row${r} + t${c}];
      sum${r}_${c} += value * z${c};${offsets ? ` plain${r}_${c} += value;` : ''}
    }`,
    )}`;
}

function joinCells({rows, neurons}: ProductForm['tile'], line: (r: number, c: number) => string): string {
  return joinLines(range(rows), (r) => joinLines(range(neurons), (c) => line(r, c)));
}
