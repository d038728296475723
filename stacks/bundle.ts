/** Puts an entry file and what it imports into a directory that Lambda runs as it is. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Where bundles are made; a build replaces what is there. */
const target = join(root, 'node_modules', '.cache', 'berth-lambda');

export interface Bundle {
  directory: string;
  /** As Lambda names it. */
  handler: string;
}

/** @param entry name of a file in functions/, without `.lambda.ts` */
export const bundle = (entry: string): Bundle => ({
  directory: made(entry, `${entry}.lambda.ts`, 'index'),
  handler: 'index.handler',
});

/**
 * A program of one file, `<name>.mjs`.
 * @param name of a file in functions/, without `.codebuild.ts`
 * @returns its directory
 */
export const bundleProgram = (name: string): string => made(name, `${name}.codebuild.ts`, name);

const known = new Map<string, string>();

function made(name: string, file: string, output: string): string {
  const directory = join(target, name);
  if (known.has(file)) return directory;
  buildSync({
    entryPoints: { [output]: join(root, 'functions', file) },
    absWorkingDir: root,
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported at first use stays in files of its own, so that a cold start does not read it.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    // Packages in CommonJS ask for Node's own modules by require.
    banner: {
      js: "import{createRequire as berthRequire}from'node:module';const require=berthRequire(import.meta.url);",
    },
  });
  known.set(file, directory);
  return directory;
}
