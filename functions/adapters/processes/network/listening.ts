/** Which ports the processes of a group listen on; Linux alone tells. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { listProcesses } from '../../system/marked-processes.ts';

const LISTEN = '0A';
const SHOWN = 5;

/** Ports by the inode of the socket. A line: number, local address:port, remote address:port, state, … inode. */
async function listeners(): Promise<Map<string, number>> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'latin1').catch(() => '')),
  );
  const found = new Map<string, number>();
  for (const line of tables.flatMap((table) => table.split('\n'))) {
    const fields = line.trim().split(/\s+/);
    const [port, inode] = [fields[1]?.split(':')[1], fields[9]];
    if (fields[3] === LISTEN && port && inode) found.set(inode, Number.parseInt(port, 16));
  }
  return found;
}

/** In ascending order; empty where it can not be told. */
export async function listeningPorts(groups: readonly number[]): Promise<number[]> {
  const byInode = await listeners();
  if (byInode.size === 0) return [];
  const ports = new Set<number>();
  for (const { pid } of (await listProcesses()).filter((info) => groups.includes(info.group))) {
    for (const name of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
      const port = byInode.get(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
      if (port !== undefined) ports.add(port);
    }
  }
  return [...ports].sort((a, b) => a - b).slice(0, SHOWN);
}
