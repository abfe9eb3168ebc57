import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** Where casts are in order: kernels of tfjs take untyped inputs, and its private fields have no types. */
export const CAST_FILES = ['src/ops/kernel.ts', 'src/tfjsInternals.ts'];

/** A TypeScript file of the repository, its comments taken out. */
export interface SourceFile {
  readonly path: string;
  readonly code: string;
  readonly lines: number;
  /** Paths of files of the repository, and names of packages and of `node:` modules. */
  readonly imports: readonly string[];
}

/** The `.ts` files under a folder; none if there is no such folder. */
export function sourceFiles(folder: string): SourceFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => parse(join(folder, name), readFileSync(join(folder, name), 'utf8')));
}

function parse(path: string, text: string): SourceFile {
  const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
  return {path, code, lines: text.split('\n').length - 1, imports: importsOf(path, code)};
}

function importsOf(path: string, code: string): string[] {
  const statements = [...code.matchAll(/^(?:import|export)\s[^;'"]*?from\s+['"]([^'"]+)['"]/gm)];
  const effects = [...code.matchAll(/^import\s+['"]([^'"]+)['"]/gm)];
  const dynamic = [...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)];
  return [...statements, ...effects, ...dynamic].map(([, name]) =>
    name.startsWith('.') ? join(dirname(path), name) : name,
  );
}
