/** What a real node runs beside its kubelet: containerd, its shim and the network plugins, built from their modules. */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cached } from './cache.ts';
import { missingProgram, run } from './process.ts';

const source = resolve(import.meta.dirname, '../containerd');

/** Why no real node can be had here; undefined when one can. */
export async function whyNoNode(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'containers need Linux';
  if (process.getuid?.() !== 0) return 'containers need root';
  const missing = await missingProgram([
    ['go', 'version'],
    ['runc', '--version'],
    ['ip', '-Version'],
    ['iptables', '--version'],
    // What a node needs of the machine: namespaces of its own, with mounts in them.
    ['unshare', '--mount', '--pid', '--net', '--ipc', '--fork', '--mount-proc', 'true'],
  ]);
  if (missing !== undefined) return missing;
  return access('/sys/fs/cgroup').then(
    () => undefined,
    () => 'there are no cgroups',
  );
}

/** The directory with them. */
export async function nodePrograms(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'pause/main.go']) hash.update(await readFile(join(source, name)));
  return cached(`containerd-${hash.digest('hex').slice(0, 12)}`, build);
}

async function build(directory: string): Promise<void> {
  console.log('Building containerd from its published module: this takes minutes, once.');
  await mkdir(directory, { recursive: true });
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-tags=no_btrfs no_zfs no_devmapper'];
  await run(
    'env',
    ['CGO_ENABLED=0', 'go', 'build', ...flags, '-o', `${directory}/`, 'tool', './pause'],
    source,
  );
}
