/** What a container is made of: its files, its volumes, who it runs as and what it may not do. */
import { chmod, chown, mkdir, realpath, writeFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { limits as bounds } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { ImageConfig } from '../../ports/registry.ts';
import type { ContainerSpec, FileSpec } from '../../ports/workloads.ts';

/** The user of an image that names none, where Berth itself is the administrator. */
const USER = 65_532;
const NANOS = 1e9;

export interface User {
  /** What the engine is told; absent where the image says it. */
  user?: string;
  /** Undefined where the image names its user, which the image alone knows. */
  id: number | undefined;
}

/** The image's user if it names one that is not the administrator. */
export function userOf({ user }: ImageConfig): User {
  const named = user?.split(':')[0] ?? '';
  if (named !== '' && named !== 'root' && !/^0+$/.test(named))
    return { id: /^\d+$/.test(named) ? Number(named) : undefined };
  const own = process.getuid?.() ?? 0;
  const id = own === 0 ? USER : own;
  return { user: `${id}:${id}`, id };
}

export interface Mount {
  Type: 'bind';
  Source: string;
  Target: string;
  ReadOnly: boolean;
}

function targetOf(path: string): string {
  const clean = normalize(path).replace(/\/+$/, '');
  if (isAbsolute(path) && clean !== '' && !path.includes('\0') && !path.split('/').includes('..'))
    return clean;
  throw new Problem('invalid_score', `The path ${JSON.stringify(path.slice(0, 200))} can not be mounted.`, {
    hint: 'Use an absolute path inside the container, without `..`.',
  });
}

/** The directory is closed to other users of this machine, so that a file may be readable where its reader is unknown. */
export async function placeFiles(
  files: readonly FileSpec[],
  directory: string,
  { id }: User,
): Promise<Mount[]> {
  const place = join(directory, 'files');
  await mkdir(place, { recursive: true, mode: 0o711 });
  const mounts: Mount[] = [];
  for (const [index, { target, content, mode }] of files.entries()) {
    const path = join(place, String(index));
    await writeFile(path, content, { mode: 0o600 });
    const isOwned = await own(path, id);
    await chmod(path, isOwned ? mode & 0o777 : (mode & 0o777) | 0o444);
    mounts.push({ Type: 'bind', Source: path, Target: targetOf(target), ReadOnly: true });
  }
  return mounts;
}

/** What an image without an operating system stands on: this machine's programs and libraries, and its Node.js. */
export const MACHINE_NODE = '/opt/berth/machine';

/** To read them alone. */
export async function mountMachine(): Promise<Mount[]> {
  const mounts: Mount[] = [
    { Type: 'bind', Source: process.execPath, Target: `${MACHINE_NODE}/node`, ReadOnly: true },
  ];
  for (const path of ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/etc/ssl', '/etc/alternatives']) {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined) mounts.push({ Type: 'bind', Source: real, Target: path, ReadOnly: true });
  }
  return mounts;
}

/** @param volume where a volume of the environment is */
export async function placeVolumes(
  { volumes }: ContainerSpec,
  volume: (source: string, path: string | undefined) => Promise<string>,
  { id }: User,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const { source, path, target, readOnly } of volumes) {
    const place = await volume(source, path);
    if (!(await own(place, id))) await chmod(place, 0o777);
    mounts.push({ Type: 'bind', Source: place, Target: targetOf(target), ReadOnly: readOnly });
  }
  return mounts;
}

/** @returns whether the user owns it now */
async function own(path: string, id: number | undefined): Promise<boolean> {
  if (id === undefined) return false;
  if (id === process.getuid?.()) return true;
  return chown(path, id, id).then(
    () => true,
    () => false,
  );
}

/** The body of the call that makes it, but for its variables and labels. */
export function bodyOf(
  image: string,
  words: readonly string[],
  { limits, requests }: Pick<ContainerSpec, 'limits' | 'requests'>,
  { network, user, mounts }: { network: string; user: User; mounts: readonly Mount[] },
): object {
  const { cpu, memoryBytes = Math.max(bounds.containerMemory.value, requests.memoryBytes ?? 0) } = limits;
  return {
    Image: image,
    Entrypoint: words.slice(0, 1),
    Cmd: words.slice(1),
    ...(user.user !== undefined && { User: user.user }),
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      // A program that is the first process of its container would have to ask for its signals.
      Init: true,
      NetworkMode: network,
      Mounts: mounts,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': `rw,nosuid,nodev,mode=1777,size=${bounds.containerTemporary.value}` },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      // Networks have IPv4 alone; by an address that each interface gives itself this machine would be reached.
      Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' },
      PidsLimit: bounds.containerProcesses.value,
      Ulimits: [
        { Name: 'nofile', Soft: bounds.containerFiles.value, Hard: bounds.containerFiles.value },
        // The kernel counts them for a user, in all containers together: each has its own bound above.
        { Name: 'nproc', Soft: bounds.containerFiles.value, Hard: bounds.containerFiles.value },
      ],
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      ...(cpu !== undefined && { NanoCpus: Math.round(cpu * NANOS) }),
      LogConfig: { Type: 'none' },
      RestartPolicy: { Name: 'no' },
    },
  };
}
