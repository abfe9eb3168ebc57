import {existsSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {proseOf} from './codeBlocks.ts';

/** Relative links of a document that lead nowhere: to a file that is not there, or a heading that it has not. */
export function brokenLinks(path: string): string[] {
  const prose = proseOf(readFileSync(path, 'utf8')).replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
  return targets.filter((target) => !leadsSomewhere(path, target));
}

function leadsSomewhere(from: string, target: string): boolean {
  const [file, anchor] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  return existsSync(path) && (anchor === undefined || anchorsOf(readFileSync(path, 'utf8')).includes(anchor));
}

/** The headings of a document, as links name them. */
function anchorsOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What `{@link …}` names in a document. */
export function linkedNames(markdown: string): string[] {
  return [...markdown.matchAll(/\{@link (\w+)/g)].map(([, name]) => name);
}
