/**
 * A client for a cluster whose address is found out: asked for at the first call, kept, and asked for again when the
 * cluster can not be reached there or shows another certificate, as after it was made anew.
 */
import { Problem } from '../../../core/problem.ts';
import { type ClientOptions, createKubernetesClient, type KubernetesClient } from './client.ts';
import type { Connection } from './kubeconfig.ts';

export interface FoundClientOptions extends ClientOptions {
  find(): Promise<Connection>;
  now(): number;
}

interface Known {
  connection: Connection;
  client: KubernetesClient;
}

/** The least time between two questions where a cluster is that is away, milliseconds. */
const ASK_AGAIN_MS = 10_000;

/** Nobody answered there, or somebody else did: an error of TCP, DNS or TLS, and no answer of the API server. */
const isElsewhere = (error: unknown): boolean =>
  error instanceof Problem && error.cause instanceof Error && 'code' in error.cause;

export function createFoundClient({ find, now, ...options }: FoundClientOptions): KubernetesClient {
  let known: Promise<Known> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  function current(): Promise<Known> {
    if (known) return known;
    askedAt = now();
    const finding = find().then((connection) => ({
      connection,
      client: createKubernetesClient(connection, options),
    }));
    known = finding;
    finding.catch(() => {
      if (known === finding) known = undefined;
    });
    return finding;
  }

  /** The client for where the cluster is now, if that is not where it was. */
  async function moved(from: Known): Promise<Known | undefined> {
    const other = await known;
    if (other && other !== from) return other;
    if (closed || now() - askedAt < ASK_AGAIN_MS) return undefined;
    askedAt = now();
    const connection = await find();
    const { server, ca } = from.connection;
    if (connection.server === server && connection.ca === ca) return undefined;
    const found = { connection, client: createKubernetesClient(connection, options) };
    known = Promise.resolve(found);
    from.client.close();
    return found;
  }

  /** Nothing was sent where the connection failed, so that a second try is safe for every method. */
  async function using<T>(call: (client: KubernetesClient) => Promise<T>): Promise<T> {
    const at = await current();
    try {
      return await call(at.client);
    } catch (error) {
      const other = isElsewhere(error) ? await moved(at) : undefined;
      if (!other) throw error;
      return call(other.client);
    }
  }

  async function* streaming<T>(open: (client: KubernetesClient) => AsyncIterable<T>): AsyncIterable<T> {
    const at = await current();
    let isOpen = false;
    try {
      for await (const item of open(at.client)) {
        isOpen = true;
        yield item;
      }
    } catch (error) {
      const other = !isOpen && isElsewhere(error) ? await moved(at) : undefined;
      if (!other) throw error;
      yield* open(other.client);
    }
  }

  return {
    get: (path, given) => using((client) => client.get(path, given)),
    list: (path, query, signal) => using((client) => client.list(path, query, signal)),
    call: (method, path, given) => using((client) => client.call(method, path, given)),
    text: (path, query, signal) => using((client) => client.text(path, query, signal)),
    status: (path, headers, signal) => using((client) => client.status(path, headers, signal)),
    lines: (path, query, signal) => streaming((client) => client.lines(path, query, signal)),
    watch: (path, query, signal) => streaming((client) => client.watch(path, query, signal)),
    address: (path, refused) => using((client) => client.address(path, refused)),
    close() {
      closed = true;
      known?.then(
        ({ client }) => client.close(),
        () => undefined,
      );
    },
  };
}
