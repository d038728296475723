/** Reads our own Markdown: sections, code blocks, links. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export const readDoc = (path: string): string => readFileSync(join(root, path), 'utf8');

export interface Block {
  language: string;
  text: string;
  /** The nearest heading above it. */
  heading: string;
}

/** Fenced code blocks in order. */
export function codeBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: Block | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^ *```(\w*)/.exec(line);
    if (open && fence) {
      blocks.push(open);
      open = undefined;
    } else if (open) open.text += `${line}\n`;
    else if (fence) open = { language: fence[1] ?? '', text: '', heading };
    else if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
  }
  return blocks;
}

/** The text between a heading of the second level and the next one. */
export function section(markdown: string, title: string): string {
  const found = markdown.split(/^(?=## )/m).find((part) => part.startsWith(`## ${title}\n`));
  if (found === undefined) throw new Error(`There is no section "${title}"`);
  return found;
}
