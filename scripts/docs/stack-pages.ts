/** Pages with parts that follow from the stacks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from '../../stacks/synthesize.ts';
import { architectureText } from './architecture.ts';
import { idleBillText } from './cost.ts';
import { keptText, servicesText } from './installation.ts';
import { replaceGenerated } from './replace.ts';

const docs = join(import.meta.dirname, '../../docs');

/** @param templates of all stacks @returns every such page as it has to be, by its path below docs */
export function stackPages(templates: Record<string, Template>): Record<string, string> {
  const page = (path: string, name: string, text: string): [string, string] => [
    path,
    replaceGenerated(readFileSync(join(docs, path), 'utf8'), name, text),
  ];
  return Object.fromEntries([
    page('explanation/architecture.md', 'stacks', architectureText(templates)),
    page('explanation/cost.md', 'idle bill', idleBillText(templates)),
    page('how-to/install-on-aws.md', 'services', servicesText(templates)),
    page('how-to/remove-from-aws.md', 'kept', keptText(templates)),
  ]);
}
