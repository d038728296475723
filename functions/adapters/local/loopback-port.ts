/** Ports of the loopback interface for servers that are to keep them. */
import { randomInt } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';

/** Below what systems hand out for outgoing connections, so that nobody gets it while the server is down. */
const RANGE = [20_000, 30_000] as const;

/** Whether nothing listens there. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/** @throws Problem unavailable */
async function pickPort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = randomInt(...RANGE);
    if (await isFree(port)) return port;
  }
  throw new Problem('unavailable', 'The server can not start: no port is free.', {
    hint: `End programs that listen on ports ${RANGE[0]} to ${RANGE[1]} of 127.0.0.1.`,
  });
}

/** Programs hold the address of their server, so the port is chosen once, and written into a file of its directory. */
export async function keptPort(directory: string): Promise<number> {
  const kept = await readPort(directory);
  if (kept !== undefined && (await isFree(kept))) return kept;
  const port = await pickPort();
  await writeFile(join(directory, 'port'), `${port}\n`, { mode: 0o600 });
  return port;
}

async function readPort(directory: string): Promise<number | undefined> {
  const kept = Number(await readFile(join(directory, 'port'), 'utf8').catch(() => ''));
  return Number.isInteger(kept) && kept > 1023 && kept < 65_536 ? kept : undefined;
}

/** The ports that servers keep whose directories lie in one. */
export async function keptPorts(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(() => []);
  const ports = await Promise.all(names.map((name) => readPort(join(directory, name))));
  return ports.flatMap((port) => port ?? []);
}

/** The ports that the PostgreSQL server in a directory and the dedicated ones beside it keep. */
export async function postgresPorts(directory: string): Promise<number[]> {
  const shared = await readPort(directory);
  return [...(shared === undefined ? [] : [shared]), ...(await keptPorts(join(directory, 'dedicated')))];
}
