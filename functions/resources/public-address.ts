/** Where browsers reach a host of an environment. */
import type { Workloads } from '../ports/workloads.ts';
import type { ResourceRequest } from './type.ts';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** All hosts of a place are reached by the scheme and the port of its services. */
export async function publicAddress(
  { url }: Pick<Workloads, 'url'>,
  { project, environment, service }: Pick<ResourceRequest, 'project' | 'environment' | 'service'>,
  host: string,
): Promise<{ url: string; scheme: string; port: string }> {
  const base = new URL(await url({ project, environment, service }));
  const scheme = base.protocol.slice(0, -1);
  const at = base.port === '' ? host : `${host}:${base.port}`;
  return { url: `${scheme}://${at}`, scheme, port: base.port || (DEFAULT_PORTS[scheme] ?? '') };
}
