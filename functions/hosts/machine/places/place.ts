/** The place where workloads run, as the wiring of one machine sees it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RoutedDomains } from '../../../adapters/router/domains.ts';
import type { ServedDomain, ServedDomains } from '../../../ports/domains.ts';
import type { Ports } from '../../../ports/index.ts';
import type { Registry } from '../../../ports/registry.ts';

/** The ports that differ from place to place. */
export type PlacePorts = Pick<
  Ports,
  | 'activity'
  | 'builder'
  | 'bucketsAndQueues'
  | 'caches'
  | 'databases'
  | 'isolation'
  | 'logs'
  | 'manifests'
  | 'registry'
  | 'traces'
  | 'wakers'
  | 'workloads'
>;

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** The listeners of a server. */
export interface Handlers {
  request: Listener;
  /** Tells whether the server takes an Upgrade at all. */
  upgrades(request: IncomingMessage): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void | Promise<void>;
  /** Whether nothing at the address may reach Berth itself; nobody is kept away where absent. */
  refuses?(address: string | undefined): boolean;
}

export type ResumablePorts = Omit<Ports, 'workflows'> & {
  workflows: Ports['workflows'] & { resume(): Promise<number> };
};

/** Key and chain of a domain, PEM; undefined where they are gone. */
export type ReadCertificate = (
  domain: ServedDomain,
  version: string,
) => Promise<{ key: string; cert: string } | undefined>;

export interface PlaceDomains {
  served(read: ReadCertificate): ServedDomains;
  /** Names of the place that nobody may add. */
  own: readonly string[];
}

export interface Place {
  ports: PlacePorts;
  /** The way in that serves domains of customers; absent where none does. */
  domains?: PlaceDomains;
  /** The same where it is a router of this process, which needs a listener for HTTPS. */
  routed?: RoutedDomains;
  /** The images for other places, where the registry of this one is not what they pull from. */
  imagesElsewhere?: Pick<Registry, 'resolve'>;
  /** Serves workloads, and everything that the fallback answers, on the one port. */
  serve(ports: Ports, fallback: Listener): Handlers;
  /** Brings back the workloads that ran when Berth stopped, and goes on with unfinished operations. Never rejects. */
  resume(ports: ResumablePorts): Promise<void>;
  /** Called after the ports are closed. */
  close(): Promise<void>;
}
