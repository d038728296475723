/** DynamoDB Local: Amazon's own, for one machine. */
import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cached } from '../cache.ts';
import { missingProgram, run, serve } from '../process.ts';

const POM = join(import.meta.dirname, '../../aws/dynamodb/pom.xml');

/** Why it can not be had here; undefined when it can. For `describe.skipIf`, with the reason printed. */
export const whyNoDynamoDb = (): Promise<string | undefined> =>
  missingProgram([
    ['java', '-version'],
    ['mvn', '-version'],
  ]);

export interface DynamoDbLocal {
  /** The endpoint, without a slash at the end. */
  url: string;
  stop(): Promise<void>;
}

/** Starts one that keeps its tables in memory, on a free port. */
export async function startDynamoDb(): Promise<DynamoDbLocal> {
  const pom = await readFile(POM);
  const hash = createHash('sha256').update(pom).digest('hex').slice(0, 12);
  const directory = await cached(`dynamodb-local-${hash}`, async (partial) => {
    await copyFile(POM, join(partial, 'pom.xml'));
    const lib = join(partial, 'lib');
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`], partial);
  });
  const port = await freePort();
  const server = await serve(
    'java',
    [
      '-Xmx512m',
      '-Djava.library.path=lib',
      '-cp',
      'lib/*',
      'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
      '-inMemory',
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    /CorsParams/,
    { cwd: directory },
  );
  const url = `http://127.0.0.1:${port}`;
  // It prints its settings before it listens.
  for (let tries = 0; !(await fetch(url).catch(() => undefined)); tries++) {
    if (tries === 300) throw new Error('DynamoDB Local does not listen');
    await sleep(100);
  }
  return { url, stop: server.stop };
}

/** DynamoDB Local does not say which port it was given, so it is told one. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
