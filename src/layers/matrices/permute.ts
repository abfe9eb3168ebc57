import {sizeOf} from '../../numerics/sizeOf.ts';

/**
 * The entries of an array with its axes in another order.
 * @param from in the order of `shape`
 * @param order the axes of `shape` in their new order
 */
export function permute(from: ArrayLike<number>, shape: readonly number[], order: readonly number[]): Float64Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const indices = order.reduce<Int32Array>(
    (before, axis) =>
      Int32Array.from(
        {length: before.length * shape[axis]},
        (_, i) => before[Math.floor(i / shape[axis])] + (i % shape[axis]) * strides[axis],
      ),
    Int32Array.of(0),
  );
  return Float64Array.from(indices, (index) => from[index]);
}
