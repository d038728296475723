/** Builds the console into web/dist; `vite web` serves it while it is worked on, with the API of a running Berth. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const api = `http://127.0.0.1:${process.env.BERTH_PORT ?? '4600'}`;

const cacheDir = join(import.meta.dirname, '../node_modules/.cache/vite');

/**
 * `token(color-text-body-default)` in our style sheets is that design token, which follows the theme. Cloudscape's
 * own style sheet is asked for the name: it ends in a hash, and that of its package of tokens may be another.
 */
function designTokens(): Plugin {
  const theme = createRequire(import.meta.url)
    .resolve('@cloudscape-design/components/package.json')
    .replace('package.json', 'internal/base-theme/styles.scoped.css');
  const names = new Map(
    [...readFileSync(theme, 'utf8').matchAll(/--([a-z0-9-]+)-[a-z0-9]{6}(?=:)/g)].map(([whole, name]) => [
      name,
      whole,
    ]),
  );
  return {
    name: 'design-tokens',
    enforce: 'pre',
    transform: {
      filter: { id: /\/src\/.*\.css$/ },
      handler: (code) =>
        code.replaceAll(/\btoken\(([\w-]+)\)/g, (_whole, name: string) => {
          const variable = names.get(name);
          if (variable === undefined) throw new Error(`There is no design token "${name}"`);
          return `var(${variable})`;
        }),
    },
  };
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
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Says which page needs which files: their size is looked after.
    manifest: true,
    target: 'baseline-widely-available',
    // The policy allows no data: but for images, and a file can be cached.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/v1': api, '/healthz': api, '/problems': api } },
});
