/** Knows all workloads that requests may go to, by host and path, and chooses among their replicas. */
import { instanceName } from '../../core/keys.ts';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import type { Backend, Condition, Traffic, Upstream } from '../../ports/traffic.ts';
import { createChangeSignal } from '../system/change-signal.ts';
import type { Disturbed } from './disturb.ts';
import { createHosts, dnsHost, domainOf, serviceHost } from './hosts.ts';

export interface Target extends Condition {
  instance: InstanceRef;
  /** Of a game day that is held now. */
  disturbance?: Disturbed;
  /** The next ready replica in turn; undefined unless the state is `ready`, or where the workload has no port. */
  next(): Backend | undefined;
}

export interface RoutedTraffic extends Traffic {
  /** The domain below which workloads live, such as `localhost`. */
  domain(): string;
  /**
   * The workload behind a host (lower case, no port) and a path (raw, without the query). Undefined where none
   * has been declared. Cheap: asked for each request.
   */
  target(host: string, path: string): Target | undefined;
}

export interface TrafficOptions {
  /** Host and port under which Berth is reached, such as `localhost:4600`. */
  baseHost(): string;
}

export function createTraffic({ baseHost }: TrafficOptions): RoutedTraffic {
  const domain = (): string => domainOf(baseHost());
  const upstreams = new Map<string, { upstream: Upstream; turn: number }>();
  const hosts = createHosts(domain, (key) => upstreams.has(key));
  const changes = createChangeSignal();
  const disturbances = new Map<string, Disturbed>();

  function disturbanceOf(key: string): Disturbed | undefined {
    const present = disturbances.get(key);
    if (!present || performance.now() < present.until) return present;
    disturbances.delete(key);
    return undefined;
  }

  function next(key: string, port: number | undefined): Backend | undefined {
    const entry = upstreams.get(key);
    const backends = entry?.upstream.backends(port) ?? [];
    return entry && backends[entry.turn++ % Math.max(backends.length, 1)];
  }

  return {
    declare(upstream) {
      const key = instanceName(upstream.instance);
      const known = upstreams.get(key);
      if (known?.upstream.routes !== upstream.routes) hosts.set(upstream.instance, key, upstream.routes);
      upstreams.set(key, { upstream, turn: known?.turn ?? 0 });
      changes.notify();
    },
    withdraw(instance) {
      const key = instanceName(instance);
      upstreams.delete(key);
      hosts.remove(key);
      changes.notify();
    },
    disturb(disturbance) {
      const key = instanceName(disturbance);
      if (disturbance.delay || disturbance.abort)
        disturbances.set(key, { ...disturbance, until: performance.now() + disturbance.forMs });
      else disturbances.delete(key);
    },
    next: (instance, port) => next(instanceName(instance), port),
    nextChange: (signal) => changes.next(signal),
    url: (instance) => `http://${serviceHost(instance, baseHost())}`,
    host: (environment: EnvironmentRef, label) => dnsHost(environment, label, domain()),
    domain,
    target(host, path) {
      const entry = hosts.find(host, path);
      const upstream = entry && upstreams.get(entry.key)?.upstream;
      const condition = upstream?.condition();
      if (!entry || !upstream || !condition) return undefined;
      const disturbance = disturbanceOf(entry.key);
      return {
        ...condition,
        instance: upstream.instance,
        ...(disturbance && { disturbance }),
        next: () => next(entry.key, entry.port),
      };
    },
  };
}
