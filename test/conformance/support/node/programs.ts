/** What a real node runs beside its kubelet: containerd, its shim, network plugins, kube-router; built from their modules. */
import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cached } from '../cache.ts';
import { missingProgram, run } from '../process.ts';

const BUILD_MS = 30 * 60_000;

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

/** Why no network policy can be in force here; undefined when one can. */
export const whyNoPolicies = (): Promise<string | undefined> => missingProgram([['ipset', '--version']]);

/** The directory with containerd, its shim, the network plugins and `pause`. */
export const nodePrograms = (): Promise<string> =>
  built('containerd', ['go.mod', 'go.sum', 'pause/main.go'], ['tool', './pause']);

/** The program that puts network policies in force. */
export const kubeRouter = async (): Promise<string> =>
  join(await built('kube-router', ['go.mod', 'go.sum'], ['tool']), 'kube-router');

/** The agent that keeps what workloads print, with the parts that it needs and no others. */
export const logAgent = async (): Promise<string> =>
  join(await built('log-agent', ['go.mod', 'go.sum', 'main.go'], ['.']), 'log-agent');

/** Builds a module beside this folder, once for each content of its files. */
export async function built(
  module: string,
  files: readonly string[],
  packages: readonly string[],
): Promise<string> {
  const source = resolve(import.meta.dirname, '../..', module);
  const hash = createHash('sha256');
  for (const name of files) hash.update(await readFile(join(source, name)));
  return cached(`${module}-${hash.digest('hex').slice(0, 12)}`, async (directory) => {
    console.log(`Building ${module} from its published module: this takes minutes, once.`);
    const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-tags=no_btrfs no_zfs no_devmapper'];
    const build = ['CGO_ENABLED=0', 'go', 'build', ...flags, '-o', `${directory}/`, ...packages];
    await run('env', build, source, BUILD_MS);
  });
}
