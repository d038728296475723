/** Where workloads run, as the composition root of one machine sees it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Ports } from '../../../ports/index.ts';

/** The ports that are different from place to place. */
export type PlacePorts = Pick<
  Ports,
  'activity' | 'builder' | 'databases' | 'logs' | 'registry' | 'workloads'
>;

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** The listeners of a server. */
export interface Handlers {
  request: Listener;
  /** Whether the server takes an Upgrade at all. */
  upgrades(request: IncomingMessage): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void | Promise<void>;
}

export type ResumablePorts = Omit<Ports, 'workflows'> & {
  workflows: Ports['workflows'] & { resume(): Promise<number> };
};

export interface Place {
  ports: PlacePorts;
  /** Shares the one port between workloads and what the fallback answers. */
  serve(ports: Ports, fallback: Listener): Handlers;
  /** Brings back what ran when Berth stopped, and goes on with unfinished operations. Never rejects. */
  resume(ports: ResumablePorts): Promise<void>;
  /** Called after the ports are closed. */
  close(): Promise<void>;
}
