import type {WebGPUBackend, WebGPUProgram} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** One WGSL program, one invocation per index. Its text depends on nothing but `shaderKey`: numbers are uniforms. */
export interface Program<Input extends string, Uniform extends string> {
  /** Names every choice that the text depends on. tfjs keeps compiled programs under it. */
  readonly shaderKey: string;
  /** The buffers that the code reads. It must use each of them, and `uniforms`: otherwise the whole batch of commands is garbage. */
  readonly inputs: readonly Input[];
  /** The numbers that the code takes, by type. */
  readonly uniforms: Readonly<Partial<Record<UniformType, readonly Uniform[]>>>;
  /** Buffers that the code reads as `array<vec4<f32>>`. */
  readonly vectors?: readonly Input[];
  /** Invocations that share memory; {@link WORKGROUP_SIZE} if not given. */
  readonly workgroupSize?: number;
  /** WGSL with `fn main(index : i32)`; indices run past the last invocation, to the end of its workgroup. */
  readonly code: string;
}

/** The types of uniforms, and what tfjs calls them. */
const UNIFORM_TYPES = [
  ['i32', 'int32'],
  ['u32', 'uint32'],
  ['f32', 'float32'],
] as const;
type UniformType = (typeof UNIFORM_TYPES)[number][0];

/** What one run of a program works on. */
export interface ProgramRun<Input extends string, Uniform extends string> {
  readonly inputs: Readonly<Record<Input, TensorInfo>>;
  readonly uniforms: Readonly<Record<Uniform, number>>;
  readonly invocations: number;
  /** What `result` is: read and written in place. It comes from a pool, not zeroed, and must be none of the inputs. */
  readonly output: TensorInfo;
}

/** The least size that fills a warp or wave of every GPU (32 or 64 lanes). */
const WORKGROUP_SIZE = 64;

/** Runs a program on the device. tfjs spreads more than 65,535 workgroups over the other dimensions. */
export function runProgram<Input extends string, Uniform extends string>(
  backend: WebGPUBackend,
  program: Program<Input, Uniform>,
  {inputs, uniforms, invocations, output}: ProgramRun<Input, Uniform>,
): void {
  const {shaderKey, inputs: variableNames, vectors = [], workgroupSize = WORKGROUP_SIZE, code} = program;
  const fields = UNIFORM_TYPES.flatMap(([wgsl, type]) =>
    (program.uniforms[wgsl] ?? []).map((name) => ({name, wgsl, type})),
  );
  // A new object for each run, because tfjs writes into it.
  const run: WebGPUProgram = {
    shaderKey: `tfjsCompress_${shaderKey}`,
    variableNames: [...variableNames],
    uniforms: fields.map(({name, wgsl}) => `${name} : ${wgsl},`).join(' '),
    outputShape: output.shape,
    dispatchLayout: {x: [0]},
    dispatch: [Math.ceil(invocations / workgroupSize), 1, 1],
    workgroupSize: [workgroupSize, 1, 1],
    variableComponents: variableNames.map((name) => (vectors.includes(name) ? 4 : 1)),
    getUserCode: () => code,
  };
  backend.runWebGPUProgram(
    run,
    variableNames.map((name) => inputs[name]),
    output.dtype,
    fields.map(({name, type}) => ({type, data: [uniforms[name]]})),
    output,
  );
}
