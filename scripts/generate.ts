/** Writes everything that is generated: `npm run generate`. A test refuses files that differ. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRoutes } from '../functions/api/routes.ts';
import { synthesize } from '../stacks/synthesize.ts';
import { clientTypes } from './client.ts';
import { architectureText } from './docs/architecture.ts';
import { commandLinePage } from './docs/command-line.ts';
import { companyBillText } from './docs/company-bill.ts';
import { idleBillText } from './docs/cost.ts';
import { eventsPage } from './docs/events.ts';
import { keptText, servicesText } from './docs/installation.ts';
import { limitsPage } from './docs/limits.ts';
import { problemsPage } from './docs/problems.ts';
import { replaceGenerated } from './docs/replace.ts';
import { rolesPage } from './docs/roles.ts';
import { resourceTypesText, settingsText } from './docs/score.ts';
import { workflowsPage } from './docs/workflows.ts';
import { eventWords } from './words/event-words.ts';
import { operationWords } from './words/operation-words.ts';
import { permissionTable, permissionWords } from './words/permissions.ts';

const root = join(import.meta.dirname, '..');

export interface GeneratedFile {
  /** The path from the root of the repository. */
  path: string;
  text: string;
}

/** Every generated file with the text that it has to have. */
export async function generatedFiles(): Promise<GeneratedFile[]> {
  const { templates } = synthesize();
  return [
    { path: 'docs/explanation/limits.md', text: limitsPage() },
    { path: 'docs/reference/command-line.md', text: commandLinePage() },
    { path: 'docs/reference/events.md', text: eventsPage() },
    { path: 'docs/reference/problems.md', text: problemsPage() },
    { path: 'docs/reference/roles.md', text: rolesPage(await loadRoutes()) },
    { path: 'docs/reference/workflows.md', text: workflowsPage() },
    page('docs/reference/score.md', {
      annotations: settingsText(),
      'resource types': resourceTypesText(),
    }),
    page('docs/explanation/architecture.md', { stacks: architectureText(templates) }),
    page('docs/explanation/cost.md', {
      'idle bill': idleBillText(templates),
      'company bill': companyBillText(),
    }),
    page('docs/how-to/install-on-aws.md', { services: servicesText(templates) }),
    page('docs/how-to/remove-from-aws.md', { kept: keptText(templates) }),
    { path: 'client/types.generated.ts', text: await clientTypes() },
    { path: 'client/words.generated.ts', text: operationWords() },
    { path: 'client/event-words.generated.ts', text: eventWords() },
    { path: 'client/permissions.generated.ts', text: permissionTable() },
    { path: 'client/permission-words.generated.ts', text: permissionWords() },
  ];
}

/** A page that is written by hand, with generated parts. */
function page(path: string, parts: Record<string, string>): GeneratedFile {
  return { path, text: replaceGenerated(readFileSync(join(root, path), 'utf8'), parts) };
}

if (import.meta.main) {
  for (const { path, text } of await generatedFiles()) writeFileSync(join(root, path), text);
}
