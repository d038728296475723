import { describe, expect, it } from 'vitest';
import { filesIn, importsOf } from './source-tree.ts';

/** What each part may import of ours; a part may always import itself. The longest match counts. */
const allowed: Record<string, readonly string[]> = {
  'functions/core': ['prices/us-east-1.json'],
  'functions/ports': ['functions/core'],
  'functions/records': ['functions/ports', 'functions/core'],
  'functions/resources': ['functions/records', 'functions/ports', 'functions/core'],
  'functions/commands': ['functions/resources', 'functions/records', 'functions/ports', 'functions/core'],
  'functions/workflows': [
    'functions/commands',
    'functions/resources',
    'functions/records',
    'functions/ports',
    'functions/core',
  ],
  'functions/webhooks': ['functions/commands', 'functions/records', 'functions/ports', 'functions/core'],
  'functions/drains': ['functions/commands', 'functions/records', 'functions/ports', 'functions/core'],
  'functions/sweep': [
    'functions/workflows',
    'functions/webhooks',
    'functions/commands',
    'functions/resources',
    'functions/records',
    'functions/ports',
    'functions/core',
  ],
  'functions/api': [
    'functions/drains',
    'functions/webhooks',
    'functions/commands',
    'functions/resources',
    'functions/records',
    'functions/ports',
    'functions/core',
  ],
  // Libraries that adapters share.
  'functions/adapters/files': ['functions/core'],
  'functions/adapters/system': ['functions/ports', 'functions/core'],
  'functions/adapters/oci': ['functions/ports', 'functions/core'],
  'functions/adapters/source': [
    'functions/adapters/files',
    'functions/adapters/system',
    'functions/ports',
    'functions/core',
  ],
  'functions/adapters/postgres': ['functions/ports', 'functions/core'],
  'functions/adapters/containers': ['functions/adapters/system', 'functions/ports', 'functions/core'],
  // Adapters: none imports another. One that is not here takes ports and core alone.
  'functions/adapters/processes': [
    'functions/adapters/containers',
    'functions/adapters/files',
    'functions/adapters/system',
    'functions/ports',
    'functions/core',
  ],
  'functions/adapters/outgoing': ['functions/adapters/postgres', 'functions/ports', 'functions/core'],
  'functions/adapters/router': ['functions/adapters/system', 'functions/ports', 'functions/core'],
  'functions/adapters/local': [
    'functions/adapters/files',
    'functions/adapters/oci',
    'functions/adapters/postgres',
    'functions/adapters/source',
    'functions/adapters/system',
    'functions/ports',
    'functions/core',
  ],
  'functions/adapters/aws': [
    'functions/adapters/oci',
    'functions/adapters/postgres',
    'functions/adapters/source',
    'functions/ports',
    'functions/core',
  ],
  // Where everything is wired: only these import adapters.
  'functions/hosts': ['functions', 'state-machines'],
  'state-machines': [],
  // Those who use the API know it by its document alone.
  client: [],
  cli: ['client'],
  'web/src': ['client'],
  stacks: [
    'state-machines',
    'functions/core/function-memory.ts',
    'functions/core/operations',
    'functions/core/limits.ts',
    'functions/adapters/aws/store/table.ts',
    'functions/adapters/aws/registry-rules.ts',
    'functions/adapters/aws/keyed/key-rules.ts',
    'functions/adapters/aws/builder/buildspec.ts',
    'functions/adapters/kubernetes/api/cluster-role.ts',
    'functions/adapters/kubernetes/object-names.ts',
  ],
};

const isIn = (file: string, part: string): boolean => file === part || file.startsWith(`${part}/`);

const partOf = (file: string): string | undefined =>
  Object.keys(allowed)
    .filter((part) => isIn(file, part))
    .sort((a, b) => b.length - a.length)[0] ?? /^functions\/adapters\/[^/]+/.exec(file)?.[0];

describe('Imports go one way', () => {
  it.each(filesIn('functions', 'state-machines', 'stacks', 'client', 'cli', 'web/src'))('%s', (file) => {
    const part = partOf(file);
    expect(part, 'every file belongs to a part with a rule').toBeDefined();
    const may = [part!, ...(allowed[part!] ?? ['functions/ports', 'functions/core'])];
    expect(importsOf(file).filter((target) => !may.some((other) => isIn(target, other)))).toEqual([]);
  });
});
