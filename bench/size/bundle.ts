import {gzipSync} from 'node:zlib';
import {build, type Metafile} from 'esbuild';
import {keepResults, textTable} from '../results.ts';

const PEERS = ['@tensorflow/*', 'rxjs'] as const;
const PLUGIN = "import 'tfjs-compress/plugins/webgpu';";
const CORE = "export * from 'tfjs-compress';";
/** All that a page needs to run a packed model. */
const LOADER = "export {loadPacked, registerPacked, selfCheck} from 'tfjs-compress';";
const LARGEST_SHOWN = 12;

/** What a page downloads of the library, in bytes. */
interface Size {
  readonly minified: number;
  readonly gzipped: number;
  /** Bytes of each source file in the minified bundle, largest first. */
  readonly inputs: Readonly<Record<string, number>>;
}

/** Size of what a page loads, without tfjs: the whole library, and only what runs a packed model. */
export async function bundle(): Promise<void> {
  const sizes: Record<string, Size> = {
    core: await sizeOf(CORE),
    'core + plugins/webgpu': await sizeOf(CORE + PLUGIN),
    loader: await sizeOf(LOADER),
    'loader + plugins/webgpu': await sizeOf(LOADER + PLUGIN),
  };
  const withRxjs = await sizeOf(CORE, ['@tensorflow/*']);
  const rxjs = {
    minified: withRxjs.minified - sizes['core'].minified,
    gzipped: withRxjs.gzipped - sizes['core'].gzipped,
  };
  console.log(
    textTable(
      ['bytes, without tfjs and rxjs', 'minified', 'gzipped'],
      [...Object.entries(sizes), ['for information: the part of rxjs that core uses', rxjs] as const].map(
        ([name, {minified, gzipped}]) => [name, minified, gzipped].map(String),
      ),
    ),
  );
  console.log(
    `loader: ${LOADER}\nits largest files, in minified bytes:\n${textTable(
      ['file', 'bytes'],
      Object.entries(sizes['loader'].inputs)
        .slice(0, LARGEST_SHOWN)
        .map((row) => row.map(String)),
    )}`,
  );
  keepResults('bundle', {loader: LOADER, sizes, rxjs});
}

async function sizeOf(contents: string, external: readonly string[] = PEERS): Promise<Size> {
  const {outputFiles, metafile} = await build({
    stdin: {contents, resolveDir: process.cwd(), sourcefile: 'page.ts', loader: 'ts'},
    bundle: true,
    minify: true,
    treeShaking: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    tsconfig: 'tsconfig.json',
    external: [...external],
    metafile: true,
    write: false,
    outfile: 'page.js',
  });
  const [{contents: code}] = outputFiles;
  return {minified: code.length, gzipped: gzipSync(code, {level: 9}).length, inputs: inputsOf(metafile)};
}

function inputsOf({outputs}: Metafile): Record<string, number> {
  return Object.fromEntries(
    Object.entries(outputs['page.js'].inputs)
      .map(([path, {bytesInOutput}]) => [path, bytesInOutput] as const)
      .filter(([, bytes]) => bytes > 0)
      .sort(([, a], [, b]) => b - a),
  );
}
