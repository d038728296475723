/** Finds the container engine of this machine. */
import { access } from 'node:fs/promises';
import { createEngine, type Engine } from './engine.ts';

/** An engine that can be used, or why there is none, as a clause. */
export type Found = { engine: Engine } | { why: string };

const SOCKETS = ['/run/podman/podman.sock', '/run/docker.sock', '/var/run/docker.sock'];
const PATIENCE_MS = 3000;

interface Info {
  OperatingSystem?: string;
  SecurityOptions?: string[];
}

/** @param address that of `DOCKER_HOST`; the usual sockets are tried without it */
export async function findEngine(address?: string): Promise<Found> {
  if (address !== undefined) return tryEngine(address);
  for (const socket of SOCKETS) {
    const isThere = await access(socket).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    const found = await tryEngine(`unix://${socket}`);
    if ('engine' in found) return found;
  }
  return { why: `no container engine answers at ${SOCKETS.join(' or ')}` };
}

async function tryEngine(address: string): Promise<Found> {
  const engine = createEngine(address);
  if (!engine) return { why: `DOCKER_HOST names no unix:// or tcp:// address: ${address}` };
  try {
    const info = await engine.call<Info>('GET', '/info', { timeoutMs: PATIENCE_MS });
    // Containers are reached by their own addresses, which only an engine in this machine's network has.
    if (process.platform !== 'linux' || info.OperatingSystem === 'Docker Desktop')
      return { why: `the container engine at ${address} runs in a virtual machine` };
    if (info.SecurityOptions?.some((option) => option.includes('rootless')))
      return { why: `the container engine at ${address} is rootless: its networks are not this machine's` };
    return { engine };
  } catch (error) {
    return { why: `${(error as Error).message} (${address})` };
  }
}
