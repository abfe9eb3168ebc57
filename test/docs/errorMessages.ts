import {readFileSync} from 'node:fs';
import ts from 'typescript';
import {sourceFiles} from '../house/sourceFiles.ts';

/** Every text of the sources that says what was expected, with `…` for what is put in. */
export function errorMessages(): string[] {
  return [...sourceFiles('src'), ...sourceFiles('plugins')].flatMap(({path}) =>
    messagesIn(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true)),
  );
}

function messagesIn(node: ts.Node): string[] {
  const text = ts.isExpression(node) ? textOf(node) : undefined;
  if (text?.includes('expected ')) return [text];
  return node.getChildren().flatMap(messagesIn);
}

/** What a string in the sources says; nothing where it is none. */
function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({literal}) => `…${literal.text}`).join('');
  if (!ts.isBinaryExpression(node)) return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined && right === undefined ? undefined : `${left ?? '…'}${right ?? '…'}`;
}

/** Whether a text can be what a message says, where `…` in either stands for anything. */
export function isMessage(text: string, message: string): boolean {
  // ends: the places in the message that the text so far can have reached.
  let ends = reached(new Set([0]), message);
  for (const letter of text) {
    if (ends.size === 0) return false;
    ends = reached(letter === '…' ? placesFrom(Math.min(...ends), message) : stepped(ends, letter, message), message);
  }
  return ends.has(message.length);
}

function stepped(ends: ReadonlySet<number>, letter: string, message: string): Set<number> {
  return new Set(
    [...ends].flatMap((at) => [...(message[at] === letter ? [at + 1] : []), ...(message[at] === '…' ? [at] : [])]),
  );
}

/** A gap of the message may be empty. */
function reached(ends: ReadonlySet<number>, message: string): Set<number> {
  return new Set([...ends].flatMap((at) => (message[at] === '…' ? [at, at + 1] : [at])));
}

function placesFrom(first: number, message: string): Set<number> {
  return new Set(Array.from({length: message.length - first + 1}, (_, i) => first + i));
}
