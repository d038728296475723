/** P1 and P2: how much code a function of the API loads, and how long that takes. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundle } from '../stacks/support/bundle.ts';
import { lambdaEnvironment } from '../test/support/lambda-environment.ts';
import { median } from './client.ts';

type Add = (figure: string, value: number, unit: string, goal: string) => void;

/** Bytes of a file and of everything that it imports at once, not at first use. */
function bytesOf(directory: string, file: string, seen = new Set<string>()): number {
  if (seen.has(file)) return 0;
  seen.add(file);
  const text = readFileSync(join(directory, file), 'utf8');
  const imported = [...text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)].map(([, name]) => name!);
  return imported.reduce((sum, name) => sum + bytesOf(directory, name, seen), Buffer.byteLength(text));
}

/** Chunks that are loaded with the first read: the store with its client of the SDK, and the read's routes. */
const readChunks = (directory: string): string[] =>
  ['store', 'projects'].map((name) => {
    const chunk = readdirSync(directory).find((file) => file.startsWith(`${name}-`));
    if (chunk === undefined) throw new Error(`The bundle has no chunk of ${name}`);
    return chunk;
  });

const RUNS = 21;

/** The median of the milliseconds that 21 processes measure of themselves. */
async function coldMs(directory: string, measured: string): Promise<number> {
  const program = `const at = performance.now(); ${measured}; process.stdout.write(String(performance.now() - at)); process.exit();`;
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { cwd: directory, env: { ...process.env, ...lambdaEnvironment } },
    );
    times.push(Number(stdout));
  }
  return median(times);
}

export async function bundleFigures(add: Add): Promise<void> {
  const { directory } = bundle('api');
  const seen = new Set<string>();
  const entry = bytesOf(directory, 'index.mjs', seen);
  const read = readChunks(directory);
  add('P1 API function, what its import loads', entry / 1000, 'kB', '<= 150 kB');
  add(
    'P1 API function, with what the first read loads',
    read.reduce((sum, chunk) => sum + bytesOf(directory, chunk, seen), entry) / 1000,
    'kB',
    '',
  );
  const empty = await coldMs(directory, "await import('data:text/javascript,')");
  const cold = await coldMs(directory, "await import('./index.mjs')");
  add('P2 cold import of the handler, median of 21', cold - empty, 'ms', '<= 30 ms');
  const both = await coldMs(
    directory,
    `await import('./index.mjs'); await Promise.all(${JSON.stringify(read.map((chunk) => `./${chunk}`))}.map((chunk) => import(chunk)))`,
  );
  add('P2 cold import with what the first read loads, median of 21', both - empty, 'ms', '');
}
