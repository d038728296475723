/** A port for a server that is to keep it. */
import { randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Problem } from '../../../core/problem.ts';

/** Below what systems hand out for outgoing connections, so that nobody gets it while the server is down. */
const RANGE = [20_000, 30_000] as const;

export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/** @throws Problem unavailable */
export async function pickPort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(...RANGE);
    if (await isFree(port)) return port;
  }
  throw new Problem('unavailable', 'The database server can not start: no port is free.', {
    hint: `End programs that listen on ports ${RANGE[0]} to ${RANGE[1]} of 127.0.0.1.`,
  });
}

/** The ports that the server in a directory and the dedicated ones beside it keep. */
export async function postgresPorts(directory: string): Promise<number[]> {
  const names = await readdir(join(directory, 'dedicated')).catch(() => []);
  const places = [directory, ...names.map((name) => join(directory, 'dedicated', name))];
  const texts = await Promise.all(
    places.map((place) => readFile(join(place, 'port'), 'utf8').catch(() => '')),
  );
  return texts.flatMap((text) => Number(text) || []);
}
