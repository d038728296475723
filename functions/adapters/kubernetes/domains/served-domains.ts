/** Domains of customers in a cluster: a Gateway for each of them, and what belongs to it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { TransientError } from '../../../core/problem.ts';
import type { ServedDomain, ServedDomains } from '../../../ports/domains.ts';
import { grant } from '../activator/switch-routes.ts';
import type { MetricsOptions } from '../activity/gateway-metrics.ts';
import { isNamespaceGone } from '../api/api-errors.ts';
import { apply, remove, type Stored } from '../api/apply.ts';
import type { KubernetesClient } from '../api/client.ts';
import { collectionPath, objectPath } from '../api/object-paths.ts';
import {
  gatewayTrouble,
  isProgrammed,
  routeTrouble,
  type StoredGateway,
  type StoredRoute,
} from '../http-routes.ts';
import {
  type CertificatePair,
  CHALLENGE_PATH,
  domainLabels,
  type Entrance,
  renderDomain,
} from '../manifests/domain-manifests.ts';
import { DOMAIN_LABEL, DOMAINS_OF_LABEL, selector } from '../manifests/labels.ts';
import type { RenderOptions } from '../manifests/options.ts';
import { domainGatewayName, PROBE_HEADER, PROBED } from '../object-names.ts';
import { type Cluster, namespaceOf } from '../shared-reads.ts';
import { settle } from '../tracks/settle.ts';

export interface KubernetesDomainsOptions {
  client: KubernetesClient;
  render: RenderOptions;
  /** Key and chain of a domain; undefined where they are gone. */
  read(domain: ServedDomain, version: string): Promise<CertificatePair | undefined>;
  /** A domain could not be served as it should be; it is tried again. */
  onError(error: unknown): void;
  /** The pods of the gateway, where they can be asked whether they lead an authority to its answer. */
  gateway?: MetricsOptions | undefined;
  /** What failed is tried again after so long, milliseconds. */
  retryMs?: number;
  /** So long each of the gateway's processes has to hear of what it has taken up, milliseconds. */
  toldMs?: number;
}

const RETRY_MS = 10_000;
/** So long the gateway has to take up what a domain needs, milliseconds. */
const TAKEN_UP_MS = 20_000;
const LOOK_MS = 250;
const PROBE_MS = 5_000;
const TOLD_MS = 1_500;
/** So many domains are written at once. */
const LANES = 4;

type StoredObject = Stored & { metadata: { namespace: string } };

export function createKubernetesDomains(
  options: KubernetesDomainsOptions,
): ServedDomains & { close(): void } {
  const { client, render, read, onError, retryMs = RETRY_MS, toldMs = TOLD_MS } = options;
  const cluster: Cluster = { client, render };
  const wanted = new Map<string, ServedDomain>();
  const timers = new Map<string, NodeJS.Timeout>();
  const lanes = Array.from({ length: LANES }, () => Promise.resolve());
  let isClosed = false;

  /** One after another for a domain; what comes later finds what is wanted by then. */
  function enqueue(name: string): Promise<void> {
    const lane = Number.parseInt(domainGatewayName(name).slice(-1), 16) % LANES;
    const done = (lanes[lane] ?? Promise.resolve()).then(() => (isClosed ? undefined : write(name)));
    lanes[lane] = done.catch((error: unknown) => {
      if (isClosed) return;
      onError(error);
      clearTimeout(timers.get(name));
      timers.set(name, setTimeout(() => void enqueue(name).catch(() => undefined), retryMs).unref());
    });
    return done;
  }

  async function write(name: string): Promise<void> {
    const domain = wanted.get(name);
    const keep = domain && namespaceOf(cluster, domain.instance);
    await removeElsewhere(name, keep);
    if (!domain || keep === undefined) return;
    const pair = domain.certificate === undefined ? undefined : await read(domain, domain.certificate);
    const { gateway, rest } = renderDomain(domain, await entrance(), pair, render);
    if (domain.challenges.length > 0 && render.activator)
      await grant(cluster, render.activator, domain.instance);
    try {
      const { metadata } = await apply<Stored>(client, gateway);
      const objects = rest(metadata.uid);
      for (const object of objects) await apply(client, object);
      if (!objects.some(({ kind }) => kind === 'HTTPRoute'))
        await remove(client, objectPath('HTTPRoute', gateway.metadata.name, keep));
    } catch (error) {
      // Its environment is being removed, and the domain with it.
      if (isNamespaceGone(error)) return;
      throw error;
    }
    await settle(cluster, domain.instance);
  }

  async function entrance(): Promise<Entrance> {
    const { gateway } = render;
    const found = await client.get<StoredGateway>(objectPath('Gateway', gateway.name, gateway.namespace));
    const portOf = (protocol: string) =>
      found?.spec.listeners.find((listener) => listener.protocol === protocol)?.port;
    const [http, https] = [portOf('HTTP'), portOf('HTTPS')];
    if (!found || http === undefined)
      throw new TransientError(
        `The Gateway ${gateway.namespace}/${gateway.name} has no listener for HTTP, which domains need.`,
      );
    return { className: found.spec.gatewayClassName, http, ...(https !== undefined && { https }) };
  }

  /** What there is of a domain in another namespace than that, or in any. */
  async function removeElsewhere(name: string, namespace: string | undefined): Promise<void> {
    const labelSelector = selector(domainLabels(render.namespacePrefix, name));
    // Without its Gateway a domain is served no more; a route that somebody makes just now goes with it too.
    for (const kind of ['Gateway', 'HTTPRoute', 'Secret'] as const) {
      const { items } = await client.list<StoredObject>(collectionPath(kind), { labelSelector });
      for (const { metadata } of items)
        if (metadata.namespace !== namespace)
          await remove(client, objectPath(kind, metadata.name, metadata.namespace), { uid: metadata.uid });
    }
  }

  /** Whether an authority is answered, whichever process of the gateway it comes to: it asks once. */
  async function isAnswered({ name, challenges }: ServedDomain): Promise<boolean> {
    const { gateway } = options;
    if (!gateway || challenges.length === 0) return true;
    const { http } = await entrance();
    const pods = collectionPath('Pod', render.gateway.namespace);
    const { items } = await client.list<V1Pod & Stored>(pods, { labelSelector: gateway.selector });
    const running = items.filter(({ status }) => status?.phase === 'Running');
    const asked = running.flatMap(({ metadata }) =>
      challenges.map(({ token }) =>
        client.status(
          `${pods}/${metadata.name}:${http}/proxy${CHALLENGE_PATH}${token}`,
          { host: name, [PROBE_HEADER]: 'yes' },
          AbortSignal.timeout(PROBE_MS),
        ),
      ),
    );
    return (await Promise.all(asked)).every((status) => status === PROBED);
  }

  /** @throws TransientError where the gateway does not serve it in time */
  async function taken(domain: ServedDomain): Promise<void> {
    const { name, instance } = domain;
    const namespace = namespaceOf(cluster, instance);
    const own = { namespace, name: domainGatewayName(name) };
    const until = performance.now() + TAKEN_UP_MS;
    for (;;) {
      const [gateway, route] = await Promise.all([
        client.get<StoredGateway>(objectPath('Gateway', own.name, namespace)),
        client.get<StoredRoute>(objectPath('HTTPRoute', own.name, namespace)),
      ]);
      const trouble = gatewayTrouble(gateway, own) ?? (route && routeTrouble(route, own));
      if (!trouble && gateway && isProgrammed(gateway) && (await isAnswered(domain)))
        return void (await sleep(toldMs));
      if (performance.now() > until)
        throw new TransientError(`The domain ${name}: ${trouble?.why ?? 'the gateway has not taken it up'}.`);
      await sleep(LOOK_MS);
    }
  }

  async function prune(): Promise<void> {
    const labelSelector = selector({ [DOMAINS_OF_LABEL]: render.namespacePrefix });
    const { items } = await client.list<StoredGateway>(collectionPath('Gateway'), { labelSelector });
    const known = new Set([...wanted.keys()].map(domainGatewayName));
    for (const { metadata, spec } of items) {
      const [first] = spec.listeners;
      if (first?.hostname !== undefined && !known.has(metadata.labels?.[DOMAIN_LABEL] ?? ''))
        void enqueue(first.hostname).catch(() => undefined);
    }
  }

  return {
    async set(domain) {
      wanted.set(domain.name, domain);
      await enqueue(domain.name);
      await taken(domain);
    },
    async remove(name) {
      wanted.delete(name);
      await enqueue(name);
    },
    restore(domains) {
      for (const domain of domains) wanted.set(domain.name, domain);
      for (const { name } of domains) void enqueue(name).catch(() => undefined);
      prune().catch((error: unknown) => {
        onError(error);
        if (!isClosed) timers.set('', setTimeout(() => this.restore([]), retryMs).unref());
      });
    },
    close() {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
