import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** What each folder may import of ours; a folder may always import itself. The longest match counts. */
const allowed: Record<string, readonly string[]> = {
  'functions/core': ['prices/us-east-1.json'],
  'functions/ports': ['functions/core', 'functions/memory.ts'],
  'functions/commands': ['functions/ports', 'functions/core'],
  'functions/resources': ['functions/ports', 'functions/core'],
  'functions/steps': ['functions/commands', 'functions/resources', 'functions/ports', 'functions/core'],
  'functions/api': ['functions/commands', 'functions/ports', 'functions/core'],
  'functions/adapters/local': [
    'functions/adapters/image.ts',
    'functions/adapters/postgres.ts',
    'functions/ports',
    'functions/core',
  ],
  'functions/adapters/aws': [
    'functions/adapters/aws/table.ts',
    'functions/adapters/aws/buildspec.ts',
    'functions/adapters/image.ts',
    'functions/adapters/postgres.ts',
    'functions/adapters/postgres-server.ts',
    'functions/ports',
    'functions/core',
  ],
  'functions/adapters/aws/table.ts': [],
  'functions/adapters/aws/buildspec.ts': ['functions/core'],
  'functions/adapters/kubernetes': ['functions/ports', 'functions/core'],
  'functions/adapters/oci': ['functions/adapters/image.ts', 'functions/ports', 'functions/core'],
  'functions/adapters/outgoing.ts': ['functions/core'],
  'functions/adapters/receivers.ts': ['functions/adapters/outgoing.ts', 'functions/ports', 'functions/core'],
  'functions/adapters/image.ts': ['functions/ports', 'functions/core'],
  'functions/adapters/postgres-server.ts': [
    'functions/adapters/postgres.ts',
    'functions/ports',
    'functions/core',
  ],
  'functions/adapters/postgres.ts': ['functions/ports', 'functions/core'],
  'functions/local': [
    'functions/config.ts',
    'functions/steps',
    'functions/commands',
    'functions/ports',
    'functions/core',
  ],
  // Where workloads run: each wires the adapters of one place.
  'functions/local/place.ts': ['functions/ports'],
  'functions/local/machine.ts': [
    'functions/adapters/local',
    'functions/local/place.ts',
    'functions/local',
    'functions/commands',
    'functions/config.ts',
    'functions/ports',
    'functions/core',
  ],
  // Where sign-in on one machine is put together.
  'functions/local/sign-in.ts': ['functions/api', 'functions/config.ts', 'functions/local', 'functions/core'],
  'functions/local/cluster.ts': [
    'functions/adapters/image.ts',
    'functions/adapters/kubernetes',
    'functions/adapters/oci',
    'functions/adapters/postgres-server.ts',
    'functions/local/place.ts',
    'functions/local/eks.ts',
    'functions/local',
    'functions/config.ts',
    'functions/ports',
    'functions/core',
  ],
  'functions/local/eks.ts': [
    'functions/adapters/aws',
    'functions/adapters/kubernetes',
    'functions/config.ts',
    'functions/ports',
    'functions/core',
  ],
  // Shared by the composition roots for AWS, and by them alone.
  'functions/lambda': [
    'functions/adapters/outgoing.ts',
    'functions/adapters/receivers.ts',
    'functions/adapters/aws',
    'functions/adapters/kubernetes',
    'functions/adapters/local',
    'functions/api',
    'functions/ports',
    'functions/core',
  ],
  'functions/config.ts': [
    'functions/config-cluster.ts',
    'functions/config-identity.ts',
    'functions/config-parse.ts',
  ],
  'functions/config-identity.ts': ['functions/config-parse.ts'],
  'functions/config-cluster.ts': ['functions/config-parse.ts'],
  'functions/config-parse.ts': [],
  'functions/memory.ts': [],
  'state-machines': [],
  stacks: [
    'state-machines',
    'functions/adapters/aws/table.ts',
    'functions/adapters/aws/buildspec.ts',
    'functions/memory.ts',
  ],
};

/** Composition roots wire everything; nothing imports them. */
const roots = [
  'functions/local.ts',
  'functions/build.codebuild.ts',
  'functions/api.lambda.ts',
  'functions/stream.lambda.ts',
  'functions/steps.lambda.ts',
  'functions/sweep.lambda.ts',
];

const sources = ['functions', 'state-machines', 'stacks']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)));

const importsOf = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, path]) =>
    relative(root, resolve(root, dirname(file), path!)),
  );
};

const folderOf = (file: string): string | undefined =>
  Object.keys(allowed)
    .filter((folder) => file === folder || file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];

describe('Imports go one way', () => {
  it.each(sources.filter((file) => !roots.includes(file)))('%s', (file) => {
    const folder = folderOf(file);
    expect(folder, 'every file belongs to a folder with a rule').toBeDefined();
    const wrong = importsOf(file).filter((target) => {
      const targetFolder = folderOf(target) ?? target;
      return targetFolder !== folder && !allowed[folder!]!.includes(targetFolder);
    });
    expect(wrong).toEqual([]);
  });
});
