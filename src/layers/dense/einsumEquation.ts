/** An equation `input,kernel->output`, one letter for each axis. */
export interface EinsumEquation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  /** Features: axes of the kernel that are not in the output, in the kernel's order. */
  readonly contracted: string;
  /** Neurons: axes of the kernel that are in the output, in the output's order. */
  readonly free: string;
  /** Positions: axes of the input that are in the output, in the input's order; the first is the batch. */
  readonly kept: string;
}

/** An equation by its axes, or why its kernel is no weight matrix. */
export function einsumEquation(text: string): EinsumEquation | string {
  const [, input, kernel, output] = /^([a-z]+),([a-z]+)->([a-z]+)$/i.exec(text.replace(/\s/g, '')) ?? [];
  if (!output) return `its equation '${text}' is not of the form input,kernel->output in letters alone`;
  const where = (axes: string, keeps: (axis: string) => boolean): string => Array.from(axes).filter(keeps).join('');
  const shared = where(kernel, (axis) => input.includes(axis) && output.includes(axis));
  if (shared !== '') return `its equation '${text}' has a kernel for each place along '${shared}'`;
  const repeated = [input, kernel, output].find((axes) => new Set(axes).size < axes.length);
  if (repeated !== undefined) return `its equation '${text}' has an axis twice in '${repeated}'`;
  if (kernel.includes(input[0]) || output[0] !== input[0])
    return `its equation '${text}' does not keep the batch '${input[0]}' in front`;
  const alone = where(input, (axis) => !kernel.includes(axis) && !output.includes(axis));
  if (alone !== '') return `its equation '${text}' sums '${alone}' of the input alone`;
  return {
    input,
    kernel,
    output,
    contracted: where(kernel, (axis) => !output.includes(axis)),
    free: where(output, (axis) => kernel.includes(axis)),
    kept: where(input, (axis) => output.includes(axis)),
  };
}
