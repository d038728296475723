/** An OpenID Connect provider as others run it: dex, built from its published module. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from '../../support/process.ts';
import { cached } from './cache.ts';
import { missingProgram, run } from './process.ts';

const source = resolve(import.meta.dirname, '../dex');

/** Why none can be had here; undefined when one can. */
export const whyNoDex = (): Promise<string | undefined> => missingProgram([['go', 'version']]);

export interface DexOptions {
  redirectUri: string;
  /** The secret of the confidential client `berth`. */
  secret: string;
  /** The address of the one person that dex knows. */
  email: string;
  password: string;
}

export interface Dex {
  issuer: string;
  stop(): Promise<void>;
}

export async function startDex({ redirectUri, secret, email, password }: DexOptions): Promise<Dex> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(await readFile(join(source, name)));
  const program = join(await cached(`dex-${hash.digest('hex').slice(0, 12)}`, build), 'dex');
  const address = `127.0.0.1:${await freePort()}`;
  const flags = { address, redirect: redirectUri, secret, email, password };
  const child = spawn(
    program,
    Object.entries(flags).map(([name, value]) => `-${name}=${value}`),
    // It ends when its input does, so nothing stays behind whatever becomes of the tests.
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const exited = new Promise<void>((done) => child.once('close', () => done()));
  let output = '';
  await new Promise<void>((ready, failed) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (/^ready$/m.test(output)) ready();
      });
    child.once('close', () => failed(new Error(`dex ended:\n${output.slice(-2000)}`)));
  });
  return {
    issuer: `http://${address}`,
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}

async function build(directory: string): Promise<void> {
  console.log('Building an identity provider from its published module: this takes a minute, once.');
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', join(directory, 'dex')];
  await run('env', ['CGO_ENABLED=0', 'go', 'build', ...flags, '.'], source);
}
