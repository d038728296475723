/**
 * Puts an entry file and everything it imports into a directory that Lambda runs as it is; does the same for the
 * console.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/** The folder of the entry files. */
const ENTRIES = 'functions/hosts/aws/entries';

/** The folder that bundles are made in. */
const target = join(root, 'node_modules', '.cache', 'berth-lambda');

export interface Bundle {
  directory: string;
  /** The handler, as Lambda names it. */
  handler: string;
}

/** Code that Lambda does not need in a bundle: see the stand-in. */
const STAND_INS = {
  '@aws-sdk/credential-provider-node': './functions/hosts/aws/credentials.ts',
};

/** @param entry name of a file in functions/hosts/aws/entries, without `.lambda.ts` */
export const bundle = (entry: string): Bundle => ({
  directory: made(entry, `${entry}.lambda.ts`, 'index', {
    alias: STAND_INS,
    ...(SERVING_API.has(entry) && { beside: [routeList()] }),
  }),
  handler: 'index.handler',
});

const SERVING_API = new Set(['api', 'stream']);

interface NamedFile {
  name: string;
  contents: Uint8Array;
}

let printed: NamedFile | undefined;

/** The file of each route, so that a function knows its routes before it has loaded any. */
function routeList(): NamedFile {
  printed ??= {
    name: 'routes.json',
    contents: execFileSync(process.execPath, [join(root, 'scripts/routes.ts')]),
  };
  return printed;
}

/**
 * A program of one file, `<name>.mjs`.
 * @param name of a file in functions/hosts/aws/entries, without `.codebuild.ts`
 * @returns its directory
 */
export const bundleProgram = (name: string): string => made(name, `${name}.codebuild.ts`, name, {});

let activator: string | undefined;

/** The program of the activator, one file that needs nothing beside Node.js. */
export function activatorProgram(): string {
  activator ??= buildSync({
    entryPoints: [join(root, 'functions/hosts/activator/activator-main.ts')],
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  }).outputFiles[0]?.text;
  return activator ?? '';
}

let built = false;

/** Builds the console when its sources have changed, once a process. @returns the directory with its files */
export function builtConsole(): string {
  if (!built) execFileSync(process.execPath, [join(root, 'scripts', 'console.mjs')], { stdio: 'inherit' });
  built = true;
  return join(root, 'web', 'dist');
}

const known = new Map<string, string>();

/** A directory named by a hash of its content, so that nothing of an earlier build gets into a bundle. */
function made(
  name: string,
  file: string,
  output: string,
  { alias = {}, beside = [] }: { alias?: Record<string, string>; beside?: readonly NamedFile[] },
): string {
  const before = known.get(file);
  if (before !== undefined) return before;
  const { outputFiles } = buildSync({
    entryPoints: { [output]: join(root, ENTRIES, file) },
    absWorkingDir: root,
    outdir: root,
    write: false,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    alias,
    // Code that is imported at first use stays in files of its own, so that a cold start does not read it.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    // Packages in CommonJS ask for Node's own modules by require.
    banner: {
      js: "import{createRequire as berthRequire}from'node:module';const require=berthRequire(import.meta.url);",
    },
  });
  const files = [...outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })), ...beside];
  const hash = createHash('sha256');
  for (const { name: part, contents } of files) hash.update(`${part}\0`).update(contents);
  const directory = join(target, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(directory)) {
    mkdirSync(target, { recursive: true });
    const place = mkdtempSync(join(target, `.${name}-`));
    for (const { name: part, contents } of files) writeFileSync(join(place, part), contents);
    try {
      renameSync(place, directory);
    } catch (error) {
      // Another process was faster, with the same files.
      rmSync(place, { recursive: true });
      if (!existsSync(directory)) throw error;
    }
  }
  known.set(file, directory);
  return directory;
}
