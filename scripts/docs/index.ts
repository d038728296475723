/** Writes the generated parts of docs: `npm run docs`. A test refuses files that differ. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize } from '../../stacks/synthesize.ts';
import { eventsPage } from './events.ts';
import { problemsPage } from './problems.ts';
import { replaceGenerated } from './replace.ts';
import { rolesPage } from './roles.ts';
import { resourceTypesText, settingsText } from './score.ts';
import { stackPages } from './stack-pages.ts';
import { workflowsPage } from './workflows.ts';

const docs = join(import.meta.dirname, '../../docs');
const reference = join(docs, 'reference');

/** Every page with generated text as it has to be, by its file name. */
export function referencePages(): Record<string, string> {
  const score = readFileSync(join(reference, 'score.md'), 'utf8');
  return {
    'events.md': eventsPage(),
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
  const pages = Object.entries(stackPages(synthesize().templates));
  for (const [path, text] of pages) writeFileSync(join(docs, path), text);
}
