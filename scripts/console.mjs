// Builds the console into web/dist, and the command line into web/dist/cli, when their sources have changed since: a
// second or two. Plain JavaScript: it runs before anything else, on whatever Node is there (20.19 or later); Vite and
// esbuild are loaded only to build.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
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

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(`${relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

const commandLineFiles = () => [
  ...filesIn(join(root, 'client')),
  ...filesIn(join(root, 'cli')).filter((file) => !file.startsWith(join(root, 'cli', 'dist'))),
  join(root, 'package-lock.json'),
  fileURLToPath(import.meta.url),
];

const sourcesHash = () =>
  hashOf([
    ...commandLineFiles(),
    ...filesIn(join(web, 'src')),
    join(web, 'index.html'),
    join(web, 'vite.config.ts'),
    join(web, 'used-tokens.ts'),
  ]);

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
    await buildCommandLine(join(made, 'cli'));
    writeFileSync(join(made, STAMP), hash);
    replace(made);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  console.error(`Built the console in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

/** Packs the command line as npm takes it: one file that starts, and pieces that it loads when it needs them. */
async function buildCommandLine(packed) {
  const [{ build: bundle }, { packTar }] = await Promise.all([import('esbuild'), import('modern-tar')]);
  const { version } = JSON.parse(readFileSync(join(root, 'cli', 'package.json'), 'utf8'));
  const build = hashOf(commandLineFiles()).slice(0, 10);
  const { outputFiles } = await bundle({
    entryPoints: { berth: join(root, 'cli', 'src', 'main.ts') },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outdir: 'package',
    outExtension: { '.js': '.mjs' },
    define: { BERTH_VERSION: JSON.stringify(`${version}+${build}`) },
    // commander is CommonJS, and asks for Node's own modules by `require`.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    write: false,
  });
  const files = outputFiles.map(({ path, contents }) => ({
    name: basename(path),
    body: path.endsWith('berth.mjs')
      ? Buffer.concat([Buffer.from('#!/usr/bin/env node\n'), contents])
      : Buffer.from(contents),
  }));
  const dist = join(root, 'cli', 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  for (const { name, body } of files) writeFileSync(join(dist, name), body);
  // It is handed over as it is written: who checks evidence with it reads it first.
  files.push({
    name: 'verify-evidence.mjs',
    body: readFileSync(join(root, 'cli', 'verify-evidence.mjs')),
  });
  const manifest = { name: 'package.json', body: readFileSync(join(root, 'cli', 'package.json')) };
  const entries = [manifest, ...files].map(({ name, body }) => ({
    // The same sources make the same bytes.
    header: { name: `package/${name}`, size: body.length, mode: 0o755, mtime: new Date(0), type: 'file' },
    body: new Uint8Array(body),
  }));
  writeFileSync(packed, gzipSync(await packTar(entries), { level: 9 }));
  // The server says by it which one it brings.
  writeFileSync(`${packed}.build`, build);
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
