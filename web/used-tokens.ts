/** Leaves out of Cloudscape's theme the design tokens that nothing in the console reads: more than half of it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

const KIT = '@cloudscape-design/components/';
const THEME = 'internal/base-theme/styles.scoped.css';
/** Names all of them, for scripts: those that a script reads are named there once more. */
const LIST = 'internal/generated/styles/tokens.js';

/** Both sides of what is imported by a path of its own, and styles by their name. */
const IMPORT = /(?:from|import|import\()\s*['"]([^'"]+)['"]/g;
const DECLARATION = /(--[a-z0-9-]+):([^;{}]*)(?:;|(?=\}))/g;
const NAME = /--[a-z0-9-]+/g;

/** @param kit the folder of the package @param names of tokens that the console's own styles name */
export function usedTokens(kit: string, names: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'used-tokens',
    enforce: 'pre',
    transform: {
      filter: { id: /internal\/base-theme\/styles\.scoped\.css$/ },
      handler: (theme) => prune(theme, usedIn(kit, names)),
    },
  };
}

/** Variables that are read by the parts of the kit that are imported, and by the console itself. */
function usedIn(kit: string, names: ReadonlyMap<string, string>): Set<string> {
  const used = new Set<string>();
  const seen = new Set([join(kit, THEME), join(kit, LIST)]);
  const list = new Map(
    [...readFileSync(join(kit, LIST), 'utf8').matchAll(/(\w+) = "var\((--[\w-]+)/g)].map(
      ([, constant = '', name = '']) => [constant, name],
    ),
  );
  const read = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [name] of text.matchAll(NAME)) used.add(name);
    if (text.includes('generated/styles/tokens'))
      for (const [constant] of text.matchAll(/\b\w+\b/g)) used.add(list.get(constant) ?? '');
    for (const [, path = ''] of text.matchAll(IMPORT)) {
      const found = path.startsWith('.') ? fileAt(join(dirname(file), path)) : undefined;
      if (found !== undefined) read(found);
    }
  };
  for (const file of ownFiles()) {
    const text = readFileSync(file, 'utf8');
    for (const [, name = ''] of text.matchAll(/\btoken\(([\w-]+)\)/g)) used.add(names.get(name) ?? '');
    for (const [, path = ''] of text.matchAll(IMPORT)) {
      const found = path.startsWith(KIT) ? fileAt(join(kit, path.slice(KIT.length))) : undefined;
      if (found !== undefined) read(found);
    }
  }
  return used;
}

const ownFiles = (): string[] =>
  readdirSync(join(import.meta.dirname, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(tsx?|css)$/.test(path))
    .map((path) => join(import.meta.dirname, 'src', path));

const fileAt = (path: string): string | undefined =>
  [path, `${path}.js`, join(path, 'index.js')].find((file) => existsSync(file) && statSync(file).isFile());

/** A token that another one is made of is read as well. */
function prune(theme: string, used: Set<string>): string {
  const made = new Map<string, Set<string>>();
  for (const [, name = '', value = ''] of theme.matchAll(DECLARATION)) {
    const parts = made.get(name) ?? new Set();
    for (const [part] of value.matchAll(NAME)) parts.add(part);
    made.set(name, parts);
  }
  for (const name of used) for (const part of made.get(name) ?? []) used.add(part);
  return theme.replaceAll(DECLARATION, (whole, name: string) => (used.has(name) ? whole : ''));
}
