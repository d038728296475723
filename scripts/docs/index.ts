/** Writes the generated parts of docs/reference: `npm run docs`. A test refuses files that differ. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsPage } from './problems.ts';
import { rolesPage } from './roles.ts';
import { resourceTypesText, settingsText } from './score.ts';
import { workflowsPage } from './workflows.ts';

const reference = join(import.meta.dirname, '../../docs/reference');

/** Replaces what stands between the two markers of a name; the markers stay. */
export function replaceGenerated(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- generated: ${name} -->\n`, '<!-- end of generated -->'];
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`The page has no markers for "${name}"`);
  return `${page.slice(0, from + start.length)}\n${text}\n\n${page.slice(to)}`;
}

/** Every page with generated text as it has to be, by its file name. */
export function referencePages(): Record<string, string> {
  const score = readFileSync(join(reference, 'score.md'), 'utf8');
  return {
    'problems.md': problemsPage(),
    'roles.md': rolesPage(),
    'workflows.md': workflowsPage(),
    'score.md': replaceGenerated(
      replaceGenerated(score, 'annotations', settingsText()),
      'resource types',
      resourceTypesText(),
    ),
  };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(referencePages())) writeFileSync(join(reference, name), text);
}
