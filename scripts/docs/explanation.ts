/** Pages of docs/explanation with parts that follow from the stacks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from '../../stacks/synthesize.ts';
import { architectureText } from './architecture.ts';
import { idleBillText } from './cost.ts';
import { replaceGenerated } from './replace.ts';

const directory = join(import.meta.dirname, '../../docs/explanation');

/** @param templates of all stacks @returns every such page as it has to be, by its file name */
export function explanationPages(templates: Record<string, Template>): Record<string, string> {
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  return {
    'architecture.md': replaceGenerated(read('architecture.md'), 'stacks', architectureText(templates)),
    'cost.md': replaceGenerated(read('cost.md'), 'idle bill', idleBillText(templates)),
  };
}
