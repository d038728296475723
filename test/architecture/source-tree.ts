/** The source files of Berth and their imports, read from the files as they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** TypeScript files below the folders, as paths from the root. */
export const filesIn = (...folders: string[]): string[] =>
  folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/node_modules|\/dist[./]/.test(file))
    .sort();

export const withoutComments = (file: string): string =>
  readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

/** The files of ours that a file imports, types included. */
export const importsOf = (file: string): string[] =>
  [...withoutComments(file).matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(([, path]) =>
    relative(root, resolve(root, dirname(file), path!)),
  );

/** The files of ours that a file needs when it is loaded: no types, and no file that is imported at first use. */
export const loadedBy = (file: string): string[] =>
  [
    ...withoutComments(file).matchAll(
      /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"](\.[^'"]+)['"]/gm,
    ),
  ].map(([, path]) => relative(root, resolve(root, dirname(file), path!)));
