import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** A TypeScript file of the repository, its comments taken out. */
export interface SourceFile {
  readonly path: string;
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

export interface Import {
  /** The path of a file of the repository, or the name of a package or of a `node:` module. */
  readonly target: string;
  readonly isType: boolean;
}

/** The `.ts` files under a folder; none if there is no such folder. */
export function sourceFiles(folder: string): SourceFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => parse(join(folder, name), readFileSync(join(folder, name), 'utf8')));
}

/** Reads a file's import lines. */
export function parse(path: string, text: string): SourceFile {
  const code = text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
  return {path, code, lines: text.split('\n').length - 1, imports: importsOf(path, code)};
}

function importsOf(path: string, code: string): Import[] {
  const statements = [...code.matchAll(/^(?:import|export)\s+(type\s)?[^;'"]*?from\s+['"]([^'"]+)['"]/gm)];
  const effects = [...code.matchAll(/^import\s+()['"]([^'"]+)['"]/gm)];
  const dynamic = [...code.matchAll(/\bimport\(\s*()['"]([^'"]+)['"]/g)];
  return [...statements, ...effects, ...dynamic].map(([, type, name]) => ({
    target: name.startsWith('.') ? join(dirname(path), name) : packageOf(name),
    isType: type === 'type ',
  }));
}

/** `@tensorflow/tfjs-core/dist/ops` is of the package `@tensorflow/tfjs-core`; a `node:` module is itself. */
function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}
