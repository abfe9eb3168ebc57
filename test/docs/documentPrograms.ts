import {mkdir, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {type CodeBlock, excerptOf} from './codeBlocks.ts';
import {programOf} from './programOf.ts';

/** A `ts` block that is to be run, with its number among all blocks and the file that it becomes. */
export interface DocumentProgram extends CodeBlock {
  readonly at: number;
  readonly file: string;
}

/** The programs of a document. */
export function programsOf(name: string, blocks: readonly CodeBlock[]): DocumentProgram[] {
  return blocks.flatMap((block, at) =>
    block.language === 'ts' && !excerptOf(block)
      ? [{...block, at, file: join('.cache', 'docs', name, `line${block.line}.ts`)}]
      : [],
  );
}

/** Writes programs, and says where. */
export async function writePrograms(programs: readonly DocumentProgram[]): Promise<string[]> {
  await Promise.all(
    programs.map(async ({file, code}) => {
      await mkdir(dirname(file), {recursive: true});
      await writeFile(file, programOf(code));
    }),
  );
  return programs.map(({file}) => file);
}
