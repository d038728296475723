/** Knows all workloads that requests may go to, by host and path, and chooses among their replicas. */
import { instanceName } from '../../core/keys.ts';
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import type { Backend, Condition, Track, Traffic, Upstream } from '../../ports/traffic.ts';
import { createChangeSignal } from '../system/change-signal.ts';
import { ofSession, type Session } from './affinity.ts';
import type { Disturbed } from './disturb.ts';
import type { RoutedDomains } from './domains.ts';
import { createHosts, dnsHost, domainOf, serviceHost } from './hosts.ts';

export interface Target extends Condition {
  instance: InstanceRef;
  /** Of a game day that is held now. */
  disturbance?: Disturbed;
  /** Whether a client is kept with the replica that answered it first. */
  affinity?: boolean;
  /**
   * The next ready replica in turn; undefined unless the state is `ready`, or where the workload has no port.
   * @param session where the client was answered before; what it leads to has its turn first
   */
  next(session?: Session): Backend | undefined;
}

export interface RoutedTraffic extends Traffic {
  /** The domain below which workloads live, such as `localhost`. */
  domain(): string;
  /** Domains of customers; absent where none are served. */
  domains?: RoutedDomains;
  /**
   * The workload behind a host (lower case, no port) and a path (raw, without the query). Undefined where none
   * has been declared. Cheap: asked for each request.
   */
  target(host: string, path: string): Target | undefined;
}

export interface TrafficOptions {
  /** Host and port under which Berth is reached, such as `localhost:4600`. */
  baseHost(): string;
  domains?: RoutedDomains;
}

interface Entry {
  upstream: Upstream;
  /** Counts the choices of a replica. */
  turn: number;
  /** Of the last choice of a track, from 0 to 1. */
  point: number;
}

/**
 * Steps of the golden ratio fall evenly and in no period, so that of few requests already each track has its share,
 * and no client that asks in a rhythm meets one track alone.
 */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

function nextPoint(entry: Entry): number {
  entry.point = (entry.point + GOLDEN) % 1;
  return entry.point;
}

function byWeight(tracks: readonly Track[], point: number): Pick<Track, 'backends'> {
  let left = point * tracks.reduce((sum, { weight }) => sum + weight, 0);
  for (const track of tracks) {
    left -= track.weight;
    if (left < 0) return track;
  }
  return tracks.at(-1) ?? { backends: [] };
}

export function createTraffic({ baseHost, domains }: TrafficOptions): RoutedTraffic {
  const domain = (): string => domainOf(baseHost());
  const upstreams = new Map<string, Entry>();
  const hosts = createHosts(domain, (key) => upstreams.has(key));
  const changes = createChangeSignal();
  const disturbances = new Map<string, Disturbed>();

  function disturbanceOf(key: string): Disturbed | undefined {
    const present = disturbances.get(key);
    if (!present || performance.now() < present.until) return present;
    disturbances.delete(key);
    return undefined;
  }

  function next(key: string, port: number | undefined, session?: Session): Backend | undefined {
    const entry = upstreams.get(key);
    const tracks = entry?.upstream.tracks(port).filter(({ weight, backends }) => weight > 0 && backends[0]);
    if (!entry || !tracks?.[0]) return undefined;
    const kept = session ? ofSession(tracks, session) : [];
    if (kept.length > 0) return kept[entry.turn++ % kept.length];
    const { backends } = tracks.length === 1 ? tracks[0] : byWeight(tracks, nextPoint(entry));
    return backends[entry.turn++ % backends.length];
  }

  return {
    declare(upstream) {
      const key = instanceName(upstream.instance);
      const known = upstreams.get(key);
      if (known?.upstream.routes !== upstream.routes) hosts.set(upstream.instance, key, upstream.routes);
      upstreams.set(key, { turn: 0, point: 0, ...known, upstream });
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
    ...(domains && { domains }),
    target(host, path) {
      const owner = domains?.instance(host);
      const entry = owner ? { key: instanceName(owner), port: undefined } : hosts.find(host, path);
      const upstream = entry && upstreams.get(entry.key)?.upstream;
      const condition = upstream?.condition();
      if (!entry || !upstream || !condition) return undefined;
      const disturbance = disturbanceOf(entry.key);
      return {
        ...condition,
        instance: upstream.instance,
        ...(disturbance && { disturbance }),
        ...(upstream.affinity?.() && { affinity: true }),
        next: (session) => next(entry.key, entry.port, session),
      };
    },
  };
}
