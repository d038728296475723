/** Berth on one machine: wires the local adapters together and serves everything on one port. */
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { loadStateMachine, stepsOf, workflowNames } from '../../../state-machines/load.ts';
import { diskProblem } from '../../adapters/files/disk-full.ts';
import { createAnchorFiles } from '../../adapters/local/anchors.ts';
import { createBackupFiles } from '../../adapters/local/backups.ts';
import { acquireLock } from '../../adapters/local/lock.ts';
import { createFileLogs } from '../../adapters/local/logs/logs.ts';
import { createSecretsFile } from '../../adapters/local/secrets/secrets.ts';
import { createShells } from '../../adapters/local/shells/shells.ts';
import { createSqliteStore } from '../../adapters/local/store/store.ts';
import { createLocalWorkflows } from '../../adapters/local/workflows/workflows.ts';
import { createDatabaseSources } from '../../adapters/outgoing/database-sources.ts';
import { createOutgoing } from '../../adapters/outgoing/outgoing.ts';
import { createReceivers } from '../../adapters/outgoing/receivers.ts';
import { isWebSocket } from '../../adapters/router/headers.ts';
import { createEffects } from '../../adapters/system/effects.ts';
import { createFederation } from '../../api/access/federation.ts';
import {
  administratorToken,
  bearerTokens,
  firstOf,
  rememberPeople,
} from '../../api/admission/authenticate.ts';
import { berthTokens } from '../../api/admission/berth-tokens.ts';
import { createApp } from '../../api/http/app.ts';
import { sessionCookies } from '../../api/identity/session-cookies.ts';
import { loadRoutes } from '../../api/routes.ts';
import { serveDomains } from '../../commands/domains/due-domains.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Store } from '../../ports/store.ts';
import type { StepInput } from '../../workflows/step.ts';
import { runStepNamed } from '../../workflows/steps.ts';
import { countAnchors, countBuilds, countSecrets } from './aws-equivalent-units.ts';
import { ConfigError, type LocalConfig, readConfig } from './config/config.ts';
import { connectGitHubApp } from './connect-github-app.ts';
import { connectVault } from './connect-vault.ts';
import { claimDirectory, refuseHalfRestored } from './data-directory.ts';
import { domainPorts, listenSecurely } from './domains.ts';
import { GATHER_MS, startDraining } from './draining.ts';
import { createSignIn } from './identity/choose-identity.ts';
import { checkLosses } from './losses.ts';
import type { MachineOptions } from './places/machine-place.ts';
import { withOtherPlaces } from './places/other-places.ts';
import type { Handlers, Place, PlacePorts } from './places/place.ts';
import { secretFile } from './secret-file.ts';
import { stopOnSignals } from './signals.ts';
import { startSweeping } from './sweeping.ts';
import { createLocalLog, type LocalLog } from './terminal-log.ts';
import {
  answerWithProblems,
  hasTwoHosts,
  refuseTwoHosts,
  serverOptions,
  unreadableRequest,
} from './unreadable-requests.ts';

export interface LocalBerth {
  /** Such as `http://localhost:4600`. */
  url: string;
  /** The port for HTTPS; absent where none is listened at. */
  httpsPort?: number;
  /** The administrator's bearer token. */
  token: string;
  ports: Ports;
  /** Resolves when what ran before the start is declared again and unfinished operations go on. */
  resumed: Promise<void>;
  /** Stops in order: no new requests, streams ended, workloads and database stopped, all on disk. */
  close(): Promise<void>;
}

/** @throws Problem unavailable when another Berth has the directory, or the port is taken */
export async function startLocal(config: LocalConfig, log: LocalLog = createLocalLog()): Promise<LocalBerth> {
  const path = (name: string): string => join(config.dataDirectory, name);
  refuseHalfRestored(config.dataDirectory);
  const lock = acquireLock(config.dataDirectory);
  const stopping = new AbortController();
  const { server, serveWith } = createHoldingServer();
  answerWithProblems(server);
  let store: Store | undefined;
  try {
    claimDirectory(config);
    const token = secretFile(path('admin-token'), () => randomBytes(32).toString('base64url'));
    const instanceId = secretFile(path('instance-id'), () => randomBytes(8).toString('hex'));
    // Node asks the nearest package.json above a program whether it is CommonJS. A program without one would find the
    // one of whatever repository the directory lies in; the file written here makes it CommonJS.
    if (!existsSync(path('package.json'))) writeFileSync(path('package.json'), '{"private":true}\n');
    // The store comes before all else: it keeps a second Berth away also where the lock's file was deleted.
    store = openStore(config, log);
    const anchors = createAnchorFiles({
      directory: path('anchors'),
      onError: (error) => log.error('The head of an audit chain could not be kept', error),
    });
    const accept = config.acceptLoss === true;
    for (const words of await checkLosses(config.dataDirectory, { store, anchors }, { accept }))
      log.info(`Going on although ${words}`);
    await listen(server, config);
    const { port } = server.address() as AddressInfo;
    const lost = new Map<string, string>();
    const effects = createEffects();
    const logs = createFileLogs({ directory: path('logs') });
    const place = await createPlace({
      config,
      instanceId,
      baseHost: () => `localhost:${port}`,
      effects,
      logs,
      log,
    });
    const shells = createShells(effects);
    const inPlaces = { ...place.ports, ...withOtherPlaces(config, place, { store, effects }) };
    const ports = await createPorts(
      config,
      { effects, store, anchors, shells, ...inPlaces },
      { stopping: stopping.signal, ...(place.domains && { domains: place.domains }) },
      log,
      lost,
    );
    if (ports.domains) await serveDomains(ports, ports.domains);
    const { identity, provider } = createSignIn(config, port, log);
    const app = createApp({
      routes: await loadRoutes(),
      ports,
      authenticate: rememberPeople(
        ports,
        firstOf(
          bearerTokens(berthTokens(ports), administratorToken(token), identity.authenticate),
          sessionCookies(identity, ports),
        ),
      ),
      federation: createFederation({
        fetch: createOutgoing({ trusted: config.trustedIssuers ?? [] }),
        trusted: config.trustedIssuers ?? [],
      }),
      identity,
      webRoot: join(import.meta.dirname, '../../../web/dist'),
      clientAddress: (host) => (host as HttpBindings).incoming.socket.remoteAddress,
      onError: (error, requestId) => log.error(`Request ${requestId} failed`, error),
      signal: stopping.signal,
    });
    // HTTP/1.0 needs no Host header.
    const answer = getRequestListener(app.fetch, { hostname: 'localhost', errorHandler: unreadableRequest });
    const handlers = place.serve(ports, (request, response) =>
      provider?.owns(request.url) ? provider.request(request, response) : void answer(request, response),
    );
    const secure = place.routed && (await listenSecurely(config, place.routed, ports.secrets, handlers, log));
    serveWith({
      ...handlers,
      upgrades: (request) => handlers.upgrades(request) || shells.owns(request),
      upgrade(request, socket, head) {
        if (handlers.upgrades(request)) handlers.upgrade(request, socket, head);
        else shells.upgrade(request, socket, head);
      },
    });
    let stopSweeping = async (): Promise<void> => undefined;
    const stopDraining = startDraining(ports, log, Math.min(GATHER_MS, config.sweepSeconds * 1000));
    const resumed = place.resume(ports).then(() => {
      if (!stopping.signal.aborted)
        stopSweeping = startSweeping(ports, config.sweepSeconds * 1000, log, lost);
    });
    const close = async (): Promise<void> => {
      stopping.abort();
      shells.close();
      const closed = new Promise((resolve) => server.close(resolve));
      await resumed;
      await stopSweeping();
      await stopDraining();
      await handlers.close();
      await secure?.close();
      server.closeIdleConnections();
      await provider?.close();
      await ports.workflows.close();
      await ports.workloads.close();
      server.closeAllConnections();
      await closed;
      await app.flush();
      await ports.databases.close();
      await place.close();
      await ports.logs.close();
      await ports.anchors.flush();
      await ports.store.close();
      lock.release();
    };
    return {
      url: `http://localhost:${port}`,
      ...(secure && { httpsPort: secure.port }),
      token,
      ports,
      resumed,
      close,
    };
  } catch (error) {
    server.close();
    await store?.close();
    lock.release();
    throw diskProblem(error);
  }
}

/** Only what the place needs is loaded. */
async function createPlace(options: MachineOptions): Promise<Place> {
  const { config, ...rest } = options;
  if (!config.cluster) return (await import('./places/machine-place.ts')).createMachine(options);
  return (await import('./places/cluster-place.ts')).createCluster({
    ...rest,
    config: config.cluster,
    hasDomains: config.domains?.acme !== undefined,
  });
}

const openStore = ({ dataDirectory }: LocalConfig, log: LocalLog): Store =>
  createSqliteStore({
    path: join(dataDirectory, 'berth.db'),
    alone: true,
    onConvert: ({ from, to, records }) =>
      log.info(`Converting the store from format ${from} to ${to}: ${records} records ...`),
  });

async function createPorts(
  config: LocalConfig,
  given: PlacePorts & Pick<Ports, 'effects' | 'shells' | 'store' | 'anchors' | 'places'>,
  { domains, stopping }: Pick<Place, 'domains'> & { stopping: AbortSignal },
  log: LocalLog,
  lost: Map<string, string>,
) {
  const path = (name: string): string => join(config.dataDirectory, name);
  const { effects } = given;
  const secrets = countSecrets(
    await createSecretsFile({ path: path('secrets'), keyPath: path('secrets.key'), effects }),
  );
  const receivers = createReceivers({ trusted: config.trustedReceivers ?? [] });
  const ports = {
    ...given,
    receivers,
    databaseSources: createDatabaseSources({ trusted: config.trustedDatabases ?? [] }),
    ...(config.url !== undefined && { origin: config.url }),
    ...(config.mail && {
      mail: (await import('../../adapters/outgoing/smtp.ts')).createSmtpMail(config.mail),
    }),
    ...(config.githubApp && { githubApp: await connectGitHubApp(config.githubApp, { receivers, effects }) }),
    secrets,
    backups: createBackupFiles({ directory: path('backups') }),
    ...(domains && { domains: await domainPorts(config, domains, secrets, stopping) }),
    ...(config.vault && { secretKeepers: await connectVault(config.vault, effects) }),
    builder: countBuilds(given.builder, effects.now),
    anchors: countAnchors(given.anchors),
  };
  const workflows = createLocalWorkflows({
    path: path('workflows.db'),
    machines: workflowNames().map((name) =>
      loadStateMachine(name, Object.fromEntries(stepsOf(name).map((step) => [step, step]))),
    ),
    now: () => effects.now(),
    onFailure: ({ name, error }) => lost.set(name, error instanceof Error ? error.name : 'Error'),
    runStep: (name, input, signal) =>
      runStepNamed({ ...ports, workflows }, name, input as unknown as StepInput, signal).catch(
        (error: unknown) => {
          // Problems are shown to the user; only the log can explain any other error.
          if (!(error instanceof Problem))
            log.error(`Step ${name} of operation ${String(input.operation)}`, error);
          throw error;
        },
      ),
  });
  return { ...ports, workflows };
}

/**
 * Takes the port first, since hosts are made with its number. Requests that come before the rest is wired wait, for
 * Node would leave a request without a listener unanswered. `serveWith` serves the waiting requests and all later
 * ones.
 */
function createHoldingServer(): { server: Server; serveWith(handlers: Handlers): void } {
  const held: ((handlers: Handlers) => void)[] = [];
  let ready: Handlers | undefined;
  const server = createServer({
    ...serverOptions,
    shouldUpgradeCallback: (request) =>
      !hasTwoHosts(request) && (ready?.upgrades(request) ?? isWebSocket(request)),
  });
  server.on('connection', (socket) => {
    if (ready?.refuses?.(socket.remoteAddress)) socket.destroy();
  });
  server.on('request', (request, response) => {
    if (hasTwoHosts(request)) refuseTwoHosts(request, response);
    else if (ready) ready.request(request, response);
    else held.push((handlers) => handlers.request(request, response));
  });
  server.on('upgrade', (request, socket, head) => {
    // Node has let go of the socket: a reset while it waits would end the process.
    socket.on('error', () => undefined);
    if (ready) ready.upgrade(request, socket, head);
    else held.push((handlers) => handlers.upgrade(request, socket, head));
  });
  const serveWith = (handlers: Handlers): void => {
    ready = handlers;
    for (const serve of held.splice(0)) serve(handlers);
  };
  return { server, serveWith };
}

async function listen(server: Server, { port, host }: LocalConfig): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.off('error', reject) && undefined));
  }).catch((error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES';
    throw new Problem('unavailable', `Berth can not listen on ${host}:${port}: ${error.message}.`, {
      hint: taken
        ? 'Stop what uses that port, or choose another one with BERTH_PORT.'
        : 'Name an address of this machine with BERTH_HOST, such as 127.0.0.1.',
      cause: error,
    });
  });
}

/** Runs Berth as this process: with its configuration from the environment, until SIGTERM or SIGINT. */
export async function main(): Promise<void> {
  const log = createLocalLog();
  try {
    const config = readConfig(process.env);
    const berth = await startLocal(config, log);
    const stopping = new AbortController();
    stopOnSignals(() => {
      stopping.abort();
      return berth.close();
    }, log);
    // A rejection that nobody awaits must not end the process; it is logged as a fault all the same.
    process.on('unhandledRejection', (error) => log.error('Unexpected', error));
    log.banner(berth.url, config);
    if (config.demo) void showDemo(berth, config, log, stopping.signal);
  } catch (error) {
    const known = error instanceof Problem || error instanceof ConfigError;
    console.error(known ? `Berth did not start: ${error.message}` : error);
    if (error instanceof Problem) console.error(`Next: ${error.hint} (${error.code})`);
    process.exit(1);
  }
}

async function showDemo(
  berth: LocalBerth,
  config: LocalConfig,
  log: LocalLog,
  stopping: AbortSignal,
): Promise<void> {
  try {
    const { runDemo } = await import('./demo/demo.ts');
    await berth.resumed;
    await runDemo(berth, config, log);
  } catch (error) {
    // It goes with Berth, and nothing is wrong.
    if (!stopping.aborted) log.error('The demo could not be set up', error);
  }
}
