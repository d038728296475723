/** Builds the console into web/dist; `vite web` serves it while it is worked on, with the API of a running Berth. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { usedTokens } from './used-tokens.ts';

const api = `http://127.0.0.1:${process.env.BERTH_PORT ?? '4600'}`;

const cacheDir = join(import.meta.dirname, '../node_modules/.cache/vite');

/**
 * `token(color-text-body-default)` in our style sheets is that design token, which follows the theme, and
 * `--token-color-text-body-default: …` sets it. Cloudscape's
 * own style sheet is asked for the name: it ends in a hash, and that of its package of tokens may be another.
 */
function designTokens(): Plugin[] {
  const kit = dirname(createRequire(import.meta.url).resolve('@cloudscape-design/components/package.json'));
  const theme = readFileSync(join(kit, 'internal/base-theme/styles.scoped.css'), 'utf8');
  const names = new Map(
    [...theme.matchAll(/--([a-z0-9-]+)-[a-z0-9]{6}(?=:)/g)].map(([whole, name]) => [name!, whole]),
  );
  const variableOf = (name: string): string => {
    const variable = names.get(name);
    if (variable === undefined) throw new Error(`There is no design token "${name}"`);
    return variable;
  };
  const named: Plugin = {
    name: 'design-tokens',
    enforce: 'pre',
    transform: {
      filter: { id: /\/src\/.*\.css$/ },
      handler: (code) =>
        code
          .replaceAll(/\btoken\(([\w-]+)\)/g, (_whole, name: string) => `var(${variableOf(name)})`)
          .replaceAll(/--token-([\w-]+)(?=:)/g, (_whole, name: string) => variableOf(name)),
    },
  };
  return [named, usedTokens(kit, names)];
}

/** The fonts of Cloudscape's style sheet as files: it is smaller, and the policy needs no data: for fonts. */
function fontFiles(): Plugin {
  const directory = join(cacheDir, 'fonts');
  return {
    name: 'font-files',
    enforce: 'pre',
    transform: {
      filter: { id: /global-styles\/index\.css$/ },
      handler(code, id) {
        mkdirSync(directory, { recursive: true });
        return code.replaceAll(/url\('data:font\/woff2;base64,([\w+/=]+)'\)/g, (_whole, base64: string) => {
          const source = Buffer.from(base64, 'base64');
          const name = `open-sans-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.woff2`;
          writeFileSync(join(directory, name), source);
          return `url('${relative(dirname(id), join(directory, name))}')`;
        });
      },
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), designTokens(), fontFiles()],
  cacheDir,
  resolve: {
    // The same components by a library of a tenth of the size: to evaluate script is what a first view costs.
    alias: [
      { find: /^react-dom\/client$/, replacement: 'preact/compat/client' },
      { find: /^react-dom$/, replacement: 'preact/compat' },
      { find: /^react\/jsx-runtime$/, replacement: 'preact/jsx-runtime' },
      { find: /^react$/, replacement: 'preact/compat' },
    ],
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Says which page needs which files: their size is looked after.
    manifest: true,
    target: 'baseline-widely-available',
    // The policy allows no data: but for images, and a file can be cached.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // What the first view is made of is one file with one style sheet, and not thirty that wait for each other.
        codeSplitting: {
          groups: [
            { name: 'first', test: /\/web\/src\/(main\.tsx|pages\/(overview|projects|sign-in)\.tsx)$/ },
          ],
        },
      },
    },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/v1': api, '/healthz': api, '/problems': api } },
});
