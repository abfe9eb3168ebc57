import type {WebGPUBackend, WebGPUProgram} from '@tensorflow/tfjs-backend-webgpu';
import type {TensorInfo} from '@tensorflow/tfjs-core';

/** The types of uniforms in WGSL, and what tfjs calls them. */
const UNIFORM_TYPES = {i32: 'int32', u32: 'uint32', f32: 'float32'} as const;

/** The numbers that a program takes, each with its type. Listed once: the program and every call are checked by it. */
export type UniformTypes<Uniform extends string = string> = Readonly<Record<Uniform, keyof typeof UNIFORM_TYPES>>;

/** A number for each uniform of a list. */
export type UniformValues<Types extends UniformTypes> = Readonly<Record<keyof Types, number>>;

/** One WGSL program, one invocation per index. Its text depends on nothing but `shaderKey`: numbers are uniforms. */
export interface Program<Input extends string, Uniform extends string> {
  /** Names every choice that the text depends on. tfjs keeps compiled programs under it. */
  readonly shaderKey: string;
  /** The buffers that the code reads. It must use each of them, and `uniforms`, or all commands of the batch fail. */
  readonly inputs: readonly Input[];
  readonly uniforms: UniformTypes<Uniform>;
  /** Buffers that the code reads as `array<vec4<f32>>`. */
  readonly vectors?: readonly Input[];
  /** Invocations that share memory. Default {@link WORKGROUP_SIZE}. */
  readonly workgroupSize?: number;
  /** WGSL with `fn main(index : i32)`; indices run past the last invocation, to the end of its workgroup. */
  readonly code: string;
}

/** A program whose inputs and uniforms are known by type, without being listed a second time. */
export function defineProgram<Input extends string, Uniform extends string>(
  program: Program<Input, Uniform>,
): Program<Input, Uniform> {
  return program;
}

/** What one run of a program works on. */
export interface ProgramRun<Input extends string, Uniform extends string, Given> {
  readonly inputs: Readonly<Record<Input, TensorInfo>>;
  /** Exactly the program's: spreading in a number that it does not take is an error of types. */
  readonly uniforms: Given & Readonly<Record<Uniform, number>> & Readonly<Record<Exclude<keyof Given, Uniform>, never>>;
  readonly invocations: number;
  /** What `result` is: read and written in place. It comes from a pool, not zeroed, and must be none of the inputs. */
  readonly output: TensorInfo;
}

/** The least size that fills a warp or wave of every GPU, which have 32 or 64 lanes. */
const WORKGROUP_SIZE = 64;

/** Runs a program on the device. tfjs spreads more than 65,535 workgroups over the other dimensions. */
export function runProgram<Input extends string, Uniform extends string, Given>(
  backend: WebGPUBackend,
  program: Program<Input, Uniform>,
  {inputs, uniforms, invocations, output}: ProgramRun<NoInfer<Input>, NoInfer<Uniform>, Given>,
): void {
  const {shaderKey, inputs: variableNames, vectors = [], workgroupSize = WORKGROUP_SIZE, code} = program;
  const types = Object.entries<keyof typeof UNIFORM_TYPES>(program.uniforms);
  const values: Readonly<Record<string, number>> = uniforms;
  // A new object for each run, because tfjs writes into it.
  const run: WebGPUProgram = {
    shaderKey: `tfjsCompress_${shaderKey}`,
    variableNames: [...variableNames],
    uniforms: types.map(([name, type]) => `${name} : ${type},`).join(' '),
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
    types.map(([name, type]) => ({type: UNIFORM_TYPES[type], data: [values[name]]})),
    output,
  );
}
