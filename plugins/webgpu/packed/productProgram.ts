import type {Program, UniformTypes} from '../program.ts';
import {indentByBraces} from '../wgslText.ts';
import {boundBuffers, type PackedBuffer} from './packedBuffers.ts';
import {zerosKey} from './packedLetters.ts';
import {LAYOUT_UNIFORMS, WINDOW_UNIFORMS} from './packedUniforms.ts';
import {productCode} from './productCode.ts';
import {LANES, type ProductForm, readsVectors} from './productForm.ts';

/** Strides count what the program reads at once: four neighbouring numbers, or one ({@link readsVectors}). */
const UNIFORMS = {
  ...LAYOUT_UNIFORMS,
  ...WINDOW_UNIFORMS,
  rows: 'i32',
  firstRow: 'i32',
  rowStride: 'i32',
  groupStride: 'i32',
  imageStride: 'i32',
  lineStride: 'i32',
  pixelStride: 'i32',
} satisfies UniformTypes;

/**
 * y = act(x Q + bias) with packed Q, decoded in registers:
 *
 *     y_n = act( Σ_g step_gn Σ_t x_t z_tn + offset_gn Σ_t x_t + bias_n ),   z = letter + origin,
 *
 * with t over the features of group g that are not pruned. Letters are small exact numbers, so that steps are
 * multiplied once per group. One invocation for a tile of rows and neurons (`productInvocations`).
 */
export function productProgram(form: ProductForm): Program<PackedBuffer, keyof typeof UNIFORMS> {
  const {letters, activation, source, runs, tile} = form;
  const inputs = boundBuffers(form);
  const choices = [letters.bits, letters.letterBits, zerosKey(letters.zeros), ...inputs, activation, source, runs];
  return {
    shaderKey: ['packedProduct', ...choices, tile.rows, tile.neurons, tile.slices].join('_'),
    inputs,
    vectors: readsVectors(letters) ? ['x'] : [],
    ...(tile.slices > 1 && {workgroupSize: LANES * tile.slices}),
    uniforms: UNIFORMS,
    code: indentByBraces(productCode(form)),
  };
}
