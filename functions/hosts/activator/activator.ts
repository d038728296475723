/**
 * Holds requests for services of a cluster whose environment sleeps, has it woken, and passes them on. It gets the
 * requests of sleepers alone, by their routes, and is the router of one machine in all else.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import {
  CHALLENGE_HEADER,
  PROBE_HEADER,
  PROBED,
  SLEEPER_HEADER,
} from '../../adapters/kubernetes/object-names.ts';
import { problemAnswer, send } from '../../adapters/router/answers.ts';
import { relayedHeaders } from '../../adapters/router/headers.ts';
import { createRouter, type RouterLimits } from '../../adapters/router/router.ts';
import { limits } from '../../core/limits.ts';
import type { Ask } from './ask-berth.ts';
import { createSleepers, type SleepersOptions } from './sleepers.ts';

export interface ActivatorOptions extends Pick<SleepersOptions, 'hostOf' | 'followMs'> {
  ask: Ask;
  limits?: Partial<RouterLimits>;
}

const defaultLimits = {
  holdMs: limits.heldSecondsInCluster.value * 1000,
  held: limits.heldRequestsInCluster.value,
  heldPerEnvironment: limits.heldRequestsOfEnvironmentInCluster.value,
};

/** As long as the gateway gives a whole request. */
const REQUEST_MS = 3_600_000;
/** More than the gateway takes and adds. */
const HEADER_BYTES = 2 * limits.header.value;
/** Kubernetes asks for it whether requests may come. */
export const HEALTH_PATH = '/healthz';

/** What a route has told that an authority is to be answered; whoever else names it is answered what they know. */
const challengeAnswer = ({ headers, url = '' }: IncomingMessage): string | undefined =>
  url.startsWith('/.well-known/acme-challenge/')
    ? [headers[CHALLENGE_HEADER.toLowerCase()]].flat()[0]
    : undefined;

/** @returns a server that does not listen yet */
export function createActivator(options: ActivatorOptions): { server: Server; close(): void } {
  const bounds = { ...defaultLimits, ...options.limits };
  const { traffic, address, lookup, wake, close } = createSleepers({ ...options, holdMs: bounds.holdMs });
  const router = createRouter({
    traffic,
    address,
    lookup,
    wake,
    headersOf: (request) => relayedHeaders(request, SLEEPER_HEADER.toLowerCase()),
    // The gateway counts them.
    activity: { record: () => undefined, touch: () => undefined },
    fallback(request, response) {
      if (request.url === HEALTH_PATH) return void response.end('ok\n');
      send(
        response,
        problemAnswer(
          request,
          'not_found',
          'Nobody’s request: it does not say whose it is.',
          'Ask at the address of the service; its page shows it.',
        ),
      );
    },
    limits: bounds,
  });
  const server = createServer({
    shouldUpgradeCallback: (request) => router.upgrades(request),
    requestTimeout: REQUEST_MS,
    maxHeaderSize: HEADER_BYTES,
  });
  // The gateway does not count fields either.
  server.maxHeadersCount = 0;
  server.on('request', (request, response) => {
    const answer = challengeAnswer(request);
    if (answer === undefined) router.request(request, response);
    else if (request.headers[PROBE_HEADER.toLowerCase()] !== undefined)
      send(response, { status: PROBED, headers: {}, body: '' });
    else
      send(response, { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: answer });
  });
  server.on('upgrade', router.upgrade);
  return {
    server,
    close() {
      close();
      router.close();
    },
  };
}
