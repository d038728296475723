// Builds the console into web/dist when its sources have changed since: a second or two. Plain JavaScript: it runs
// before anything else, on whatever Node is there (20.19 or later); Vite itself is loaded only to build.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const web = join(root, 'web');
const dist = join(web, 'dist');
/** A file in dist that names the sources that dist was made from. */
const STAMP = '.sources';

/** @param {string} directory @returns {string[]} paths of all files in it */
const filesIn = (directory) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

function sourcesHash() {
  const hash = createHash('sha256');
  const files = [
    ...filesIn(join(web, 'src')),
    join(web, 'index.html'),
    join(web, 'vite.config.ts'),
    join(root, 'package-lock.json'),
    fileURLToPath(import.meta.url),
  ];
  for (const file of files.sort()) hash.update(`${relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** Files that are text by their first bytes are compressed; fonts are compressed already. */
const isText = (file) => /\.(?:html|js|css|svg)$/.test(file);

async function build(hash) {
  const started = performance.now();
  // The caller may be a test run, whose NODE_ENV would bring React's slow half into what people load.
  process.env.NODE_ENV = 'production';
  const { build: viteBuild } = await import('vite');
  // The build is made beside dist and put in its place as a whole, since somebody may be reading dist.
  const made = join(web, `dist.${randomBytes(4).toString('hex')}`);
  try {
    await viteBuild({
      configFile: join(web, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: made, reportCompressedSize: false },
    });
    for (const file of filesIn(made).filter(isText)) {
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
    }
    writeFileSync(join(made, STAMP), hash);
    replace(made);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  console.error(`Built the console in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

function replace(made) {
  const old = `${made}.old`;
  if (existsSync(dist)) renameSync(dist, old);
  try {
    renameSync(made, dist);
  } catch (error) {
    // Another process was faster, with the same sources.
    if (!existsSync(join(dist, STAMP))) throw error;
  }
  rmSync(old, { recursive: true, force: true });
}

const hash = sourcesHash();
const stamp = join(dist, STAMP);
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) await build(hash);
