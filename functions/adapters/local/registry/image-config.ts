/** Berth's image configuration to OCI's and back. */
import type { ImageConfig } from '../../../ports/registry.ts';
import type { OciConfig } from './oci-layout.ts';
import { platform } from './oci-layout.ts';

/** Keys are sorted and there is no time in it: the same configuration gives the same bytes. */
export function toOci(config: ImageConfig, diffIds: string[]): OciConfig {
  const env = Object.entries(sorted(config.env)).map(([name, value]) => `${name}=${value}`);
  return {
    ...platform(),
    config: {
      Entrypoint: config.entrypoint,
      Cmd: config.cmd,
      Env: env,
      WorkingDir: config.workingDir,
      Labels: sorted(config.labels),
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
}

export function fromOci({ config = {} }: OciConfig): ImageConfig {
  const env = (config.Env ?? []).map((line): [string, string] => {
    const at = line.indexOf('=');
    return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  return {
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
    env: Object.fromEntries(env),
    workingDir: config.WorkingDir || '/',
    ...(config.User && { user: config.User }),
    labels: config.Labels ?? {},
  };
}

const sorted = (record: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
