/** Which workload a host and a path belong to. */

import { isIP } from 'node:net';
import { environmentName, instanceName } from '../../core/keys.ts';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { isName } from '../../core/names.ts';
import type { Route } from '../../ports/workloads.ts';

export interface HostEntry {
  key: string;
  path: string;
  /** A service port's `port`; the first one where undefined. */
  port: number | undefined;
}

export interface Hosts {
  /** Host names in lower case, without a port. */
  find(host: string, path: string): HostEntry | undefined;
  set(ref: InstanceRef, key: string, routes: readonly Route[]): void;
  remove(key: string): void;
}

/** `localhost` of `localhost:4600`. */
export const domainOf = (baseHost: string): string => baseHost.replace(/:\d+$/, '').toLowerCase();

export const serviceHost = (ref: InstanceRef, domain: string): string =>
  `${ref.service}.${ref.environment}.${ref.project}.${domain}`;

export const dnsHost = (ref: EnvironmentRef, label: string, domain: string): string =>
  `${label}.dns.${ref.environment}.${ref.project}.${domain}`;

const HOST = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,20}$/;

/** Whether an environment may claim the host: not Berth's own, no address, nothing of another environment. */
export function mayClaim(ref: EnvironmentRef, host: string, domain: string): boolean {
  if (host.length > 253 || !HOST.test(host) || isIP(host) !== 0) return false;
  for (const own of new Set([domain, 'localhost'])) {
    if (host === own) return false;
    if (host.endsWith(`.${own}`)) return host.endsWith(`.${ref.environment}.${ref.project}.${own}`);
  }
  // A single label, or what ends in a number, is some machine's name or address rather than a site's.
  return host.includes('.') && !/\.\d+$/.test(host);
}

/** Whether a route's prefix, in whole segments, is that of a path. */
export const covers = (prefix: string, path: string): boolean =>
  prefix === '/' || path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);

/** @param declared whether there is a workload with that key; one that is there has its default URL */
export function createHosts(domain: () => string, declared: (key: string) => boolean): Hosts {
  const table = new Map<string, (HostEntry & { environment: string })[]>();
  /** The hosts of each workload, so that a change looks at its own alone. */
  const claimed = new Map<string, Set<string>>();

  function services(host: string): HostEntry | undefined {
    const suffix = `.${domain()}`;
    if (!host.endsWith(suffix)) return undefined;
    const labels = host.slice(0, -suffix.length).split('.', 4);
    const [service, environment, project] = labels;
    if (labels.length !== 3 || !service || !environment || !project || !labels.every(isName))
      return undefined;
    const key = instanceName({ project, environment, service });
    return declared(key) ? { key, path: '/', port: undefined } : undefined;
  }

  const hosts: Hosts = {
    find(host, path) {
      let best: HostEntry | undefined = services(host);
      for (const entry of table.get(host) ?? []) {
        // The longest prefix wins. Of two equal ones the default URL does, and then whichever came first.
        if (covers(entry.path, path) && entry.path.length > (best?.path.length ?? 0)) best = entry;
      }
      return best;
    },
    set(ref, key, routes) {
      hosts.remove(key);
      const environment = environmentName(ref);
      for (const { host: given, path, port } of routes) {
        const host = given.toLowerCase();
        if (!mayClaim(ref, host, domain())) continue;
        const entries = table.get(host) ?? [];
        // A host outside our domain belongs to the environment that claimed it first.
        if (entries[0] && entries[0].environment !== environment) continue;
        entries.push({ key, path, port, environment });
        table.set(host, entries);
        claimed.set(key, (claimed.get(key) ?? new Set()).add(host));
      }
    },
    remove(key) {
      for (const host of claimed.get(key) ?? []) {
        const kept = (table.get(host) ?? []).filter((entry) => entry.key !== key);
        if (kept.length > 0) table.set(host, kept);
        else table.delete(host);
      }
      claimed.delete(key);
    },
  };
  return hosts;
}
