/**
 * Serves workloads and Berth itself on one port, told apart by the Host header: what belongs to a workload
 * goes to one of its replicas, all else to the fallback.
 */

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { instanceName } from '../../core/keys.ts';
import { limits as budgets } from '../../core/limits.ts';
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { affinityField, type Session, sessionOf } from './affinity.ts';
import { type Answer, holdingPage, prefersPage, problemAnswer, send } from './answers.ts';
import { disturb } from './disturb.ts';
import { UNTAKEN } from './failure.ts';
import { isWebSocket, requestHeaders } from './headers.ts';
import { createHold, type Found, type Lookup, type Wake } from './hold.ts';
import { createProxy, type Outcome, type ProxyLimits } from './proxy.ts';
import { parseHost, parseWorkloadHost, type WorkloadHost } from './request-host.ts';
import type { Tracer } from './tracer.ts';
import type { RoutedTraffic, Target } from './traffic.ts';

export type { Lookup, Wake } from './hold.ts';
export type { WorkloadHost } from './request-host.ts';

export interface RouterOptions {
  traffic: Pick<RoutedTraffic, 'target' | 'nextChange' | 'domain' | 'domains'>;
  /** Whose a request is, where not its host says so; undefined when it is for no workload. */
  address?(request: IncomingMessage): Addressed | undefined;
  /** The fields of a request as the workload gets them; what is said of the client is the router's own word unless given. */
  headersOf?(request: IncomingMessage): string[];
  activity: {
    /** A request has ended. @param deployment the one that had it last; undefined where none had it */
    record(instance: InstanceRef, status: number, durationMs: number, deployment?: number): void;
    /**
     * Its environment is in use: called as a request comes and every 10 s while one, or a WebSocket, is open.
     * Without it, what has been open for 10 s is recorded as a request.
     */
    touch?(instance: InstanceRef): void;
  };
  /** Answers requests that are for no workload. */
  fallback(request: IncomingMessage, response: ServerResponse): void;
  wake: Wake;
  /** What is known of a workload that has not been declared; `absent` unless given. */
  lookup?: Lookup;
  /** Without it requests have no traces but those that they bring. */
  tracer?: Tracer;
  limits?: Partial<RouterLimits>;
}

export interface RouterLimits extends ProxyLimits {
  /** How long a request waits for its workload, milliseconds. */
  holdMs: number;
  /** How long a browser waits before it gets a page that asks again. */
  pageMs: number;
  /** How long a crashed workload is given to come back. */
  failingMs: number;
  touchMs: number;
  held: number;
  heldPerEnvironment: number;
}

export interface Router {
  /** For the server's `request` event. */
  request(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Whether the protocol may change: for a WebSocket to a workload. Any other Upgrade, as one to Berth itself, is
   * answered as if nobody had asked for it.
   */
  upgrades(request: IncomingMessage): boolean;
  /** For the server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

const defaultLimits: RouterLimits = {
  holdMs: budgets.heldSeconds.value * 1000,
  pageMs: 1000,
  failingMs: 1500,
  silenceMs: budgets.silenceSeconds.value * 1000,
  // What the network lost is sent again after one and after three seconds.
  connectMs: 3_500,
  touchMs: 10_000,
  held: budgets.heldRequests.value,
  heldPerEnvironment: budgets.heldRequestsOfEnvironment.value,
};
const TRIES = 4;
/** The news of a process that ends takes a moment; longer with each try. */
const AGAIN_MS = 20;
const LINGER_MS = 1000;
const SWITCHING = 101;
const BAD_GATEWAY = 502;

/** Who had a request. */
interface Served {
  instance: InstanceRef;
  deployment?: number;
}

export interface Addressed {
  /** Begins with the name of the service, and a dot. */
  host: string;
  path: string;
  place: WorkloadHost | undefined;
}

/** Calls what a request is answered without: a fault of its own never reaches the request. */
function untroubled(call: () => void): void {
  try {
    call();
  } catch {
    // A span is lost.
  }
}

const sessionFor = (request: IncomingMessage, { affinity, instance }: Target): Session | undefined =>
  affinity ? sessionOf(request, instance) : undefined;

/** What the answer says beside, so that the client comes back to who gave it. */
const keep = (
  request: IncomingMessage,
  { target, backend }: Extract<Found, { backend: unknown }>,
): string[] => (target.affinity ? affinityField(request, target.instance, backend) : []);

export function createRouter(options: RouterOptions): Router {
  const { traffic, activity, tracer } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const headersOf = options.headersOf ?? requestHeaders;
  const proxy = createProxy(
    limits,
    tracer ? (request) => tracer.fields(request, headersOf(request)) : headersOf,
  );
  const hold = createHold({
    traffic,
    wake: options.wake,
    lookup: options.lookup ?? (async () => 'absent'),
    holdMs: limits.holdMs,
    failingMs: limits.failingMs,
    most: limits.held,
    mostEach: limits.heldPerEnvironment,
  });
  const inUse = new Set<InstanceRef>();
  const toucher = setInterval(() => {
    for (const instance of new Map([...inUse].map((ref) => [instanceName(ref), ref])).values()) {
      if (activity.touch) activity.touch(instance);
      else activity.record(instance, SWITCHING, 0);
    }
  }, limits.touchMs);
  toucher.unref();

  /** Undefined when it is for no workload. */
  const address = options.address ?? addressByHost;
  function addressByHost(request: IncomingMessage): Addressed | undefined {
    const host = parseHost(request.headers.host);
    if (host === undefined) return undefined;
    const url = request.url ?? '/';
    const query = url.indexOf('?');
    const path = query === -1 ? url : url.slice(0, query);
    const place = traffic.domains?.instance(host) ?? parseWorkloadHost(host, traffic.domain());
    return place || traffic.target(host, path) ? { host, path, place } : undefined;
  }

  /** What is answered for a domain in place of its workload. */
  const ofDomain = (request: IncomingMessage): Answer | undefined =>
    traffic.domains?.answer(request, parseHost(request.headers.host) ?? '');

  function explain(
    request: IncomingMessage,
    { host, place }: Addressed,
    found: Exclude<Found, { backend: unknown }>,
  ): Answer {
    const service = place?.service ?? host.split('.')[0] ?? host;
    switch (found.reason) {
      case 'absent':
        return problemAnswer(
          request,
          'not_found',
          `There is no workload at ${host}: nothing is deployed under that name.`,
          'Check the name, or deploy the service to the environment; its page shows the URL.',
        );
      case 'stopped':
        return problemAnswer(
          request,
          'unavailable',
          `${service} is stopped: it takes no requests until someone starts it.`,
          'Start it on its page, or deploy it.',
        );
      case 'portless':
        return problemAnswer(
          request,
          'not_found',
          `${service} can not be reached: its workload declares no such service port.`,
          'Declare the port under `service.ports` in the Score file, then deploy again.',
        );
      case 'failing':
        return problemAnswer(
          request,
          'upstream_unavailable',
          found.target.error?.cause ?? `${service} does not run.`,
          found.target.error?.hint ?? 'Look at its log.',
        );
      case 'full':
        return problemAnswer(
          request,
          'unavailable',
          `${service} is starting: too many requests wait for it already.`,
          'Try again in a moment.',
        );
      case 'late':
        return problemAnswer(
          request,
          'unavailable',
          `${service} is starting: it was not ready in time.`,
          'Try again in a moment; its page shows how far it is.',
        );
      case 'wake': {
        const known = found.error instanceof Problem ? found.error : undefined;
        return problemAnswer(
          request,
          'unavailable',
          known?.message ?? `${service} is asleep: its environment could not be woken.`,
          known?.hint ?? 'Wake the environment on its page.',
        );
      }
    }
  }

  function unanswered(request: IncomingMessage, { host }: Addressed, outcome: Outcome): Answer {
    const { code, why, hint } = typeof outcome === 'object' ? outcome : UNTAKEN;
    return problemAnswer(request, code, `${host.split('.')[0] ?? host} gave no answer: ${why}.`, hint);
  }

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    to: Addressed,
    gone: AbortSignal,
  ): Promise<Served | undefined> {
    if (!request.url?.startsWith('/') && request.url !== '*') {
      send(
        response,
        problemAnswer(
          request,
          'malformed_request',
          'The request can not be passed on: its target is not a path.',
          'Send the path alone, and the host in the Host header.',
        ),
      );
      return undefined;
    }
    const target = traffic.target(to.host, to.path);
    const disturbed = target?.disturbance && (await disturb(request, target.disturbance, gone));
    if (disturbed) {
      send(response, disturbed);
      return { instance: target.instance };
    }
    let outcome: Outcome = 'refused';
    let served: Served | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const waits = prefersPage(request) ? limits.pageMs : undefined;
      // Where its replica did not take it, it is anybody's.
      const found = await hold.find(to.host, to.path, to.place, gone, waits, (target) =>
        target.next(tries === 0 ? sessionFor(request, target) : undefined),
      );
      if (!('backend' in found)) {
        const page = found.reason === 'late' && waits !== undefined;
        send(response, page ? holdingPage(to.host.split('.')[0] ?? '') : explain(request, to, found));
        return served;
      }
      const { instance } = found.target;
      served = { instance, deployment: found.backend.deployment };
      if (tries === 0) activity.touch?.(instance);
      untroubled(() => tracer?.begin(request, instance));
      const open = { ...instance };
      inUse.add(open);
      outcome = await proxy
        .forward(request, response, found.backend, gone, keep(request, found))
        .finally(() => inUse.delete(open));
      if (outcome === 'done' || response.destroyed) return served;
      if (outcome !== 'refused') break;
      // The process has just ended, and the request came before the news of it.
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * (tries + 1)));
    }
    send(response, unanswered(request, to, outcome));
    return served;
  }

  /** Nobody could say what is known of the workload. */
  function unfound(request: IncomingMessage, error: unknown): Answer {
    const known = error instanceof Problem ? error : undefined;
    return problemAnswer(
      request,
      'unavailable',
      known?.message ?? 'The workload could not be looked up: what is known of it can not be read now.',
      known?.hint ?? 'Try again in a moment; /healthz says what is wrong.',
    );
  }

  function refuse(socket: Duplex, { status, headers, body }: Answer): void {
    const fields = Object.entries({
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    });
    const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
    // A client need not close its side: it is given a moment to read.
    socket.resume();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  async function tunnel(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    to: Addressed,
  ): Promise<void> {
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    const target = traffic.target(to.host, to.path);
    const disturbed = target?.disturbance && (await disturb(request, target.disturbance, gone.signal));
    if (socket.destroyed) return;
    if (disturbed) return refuse(socket, disturbed);
    const from = performance.now();
    for (let tries = 1; ; tries++) {
      const found = await hold.find(to.host, to.path, to.place, gone.signal, undefined, (target) =>
        target.next(sessionFor(request, target)),
      );
      if (socket.destroyed) return;
      if (!('backend' in found)) return refuse(socket, explain(request, to, found));
      const { instance } = found.target;
      const open = { ...instance };
      activity.touch?.(instance);
      inUse.add(open);
      const outcome = await proxy
        .upgrade(request, socket, head, found.backend, gone.signal, keep(request, found))
        .finally(() => inUse.delete(open));
      if (outcome === 'refused' && tries < TRIES && !socket.destroyed) {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * tries));
        continue;
      }
      if (outcome !== 'done' && !socket.destroyed) refuse(socket, unanswered(request, to, outcome));
      // How long it was open says nothing about how quick the workload is.
      const { deployment } = found.backend;
      if (outcome === 'done') activity.record(instance, SWITCHING, 0, deployment);
      else activity.record(instance, BAD_GATEWAY, performance.now() - from, deployment);
      return;
    }
  }

  return {
    request(request, response) {
      const answer = ofDomain(request);
      if (answer) return send(response, answer);
      const to = address(request);
      if (!to) return options.fallback(request, response);
      const from = performance.now();
      // Of requests that wait for an answer to an earlier one on their connection, only the socket tells the end.
      const { socket } = request;
      const gone = new AbortController();
      const leave = (): void => gone.abort();
      socket.setMaxListeners(0).once('close', leave);
      serve(request, response, to, gone.signal)
        .then(
          (served) => {
            const took = performance.now() - from;
            if (!served) return;
            const { instance, deployment } = served;
            activity.record(instance, response.statusCode, took, deployment);
            untroubled(() =>
              tracer?.end(request, instance, {
                ...to,
                status: response.statusCode,
                tookMs: took,
                ...(deployment !== undefined && { deployment }),
              }),
            );
          },
          (error: unknown) => send(response, unfound(request, error)),
        )
        .finally(() => socket.off('close', leave));
    },
    upgrades: (request) => isWebSocket(request) && address(request) !== undefined,
    upgrade(request, socket, head) {
      // The server has let go of the socket: a reset would otherwise be nobody's, and end the process.
      socket.on('error', () => undefined);
      const answer = ofDomain(request);
      if (answer) return refuse(socket, answer);
      const to = address(request);
      if (to)
        tunnel(request, socket, head, to).catch((error: unknown) => {
          if (!socket.destroyed) refuse(socket, unfound(request, error));
        });
      else {
        const hint = 'Send the request without Upgrade.';
        const why = 'The protocol can not be changed: there is no workload at this host.';
        refuse(socket, problemAnswer(request, 'malformed_request', why, hint));
      }
    },
    close() {
      clearInterval(toucher);
      proxy.close();
    },
  };
}
