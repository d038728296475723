/** The Isolation port on a Kubernetes cluster: two namespaces, a pod to be reached, and pods that try to. */
import type { V1Pod, V1Service } from '@kubernetes/client-node';
import { shortHash } from '../../../core/names.ts';
import { TransientError } from '../../../core/problem.ts';
import type { Isolation, IsolationOutcome } from '../../../ports/isolation.ts';
import type { MetricsOptions } from '../activity/gateway-metrics.ts';
import { isNamespaceGone } from '../api/api-errors.ts';
import { apply, create, remove, type Stored } from '../api/apply.ts';
import type { KubernetesClient } from '../api/client.ts';
import { collectionPath, objectPath } from '../api/object-paths.ts';
import { defaultRenderOptions, type RenderOptions } from '../manifests/index.ts';
import { podTrouble } from '../trouble.ts';
import { verdictOf } from './isolation-outcome.ts';
import {
  LONGEST_SECONDS,
  PORT,
  renderCaller,
  renderPlaces,
  renderTarget,
  SERVICE,
  TRIAL_LABEL,
  trialNamespaces,
} from './trial-manifests.ts';

export interface IsolationOptions {
  client: KubernetesClient;
  /** As those of the workloads. */
  render?: Partial<Omit<RenderOptions, 'domain'>>;
  /** The gateway's pods: their image is on the nodes, and what they tell of themselves is nothing for workloads. */
  gateway?: MetricsOptions;
  /** An image of Traefik 3, where the gateway's pods are not told. */
  image?: string;
  now(): number;
}

/** Where clouds hand out the credentials of a node. */
const METADATA = '169.254.169.254:80';

type Pod = V1Pod & Stored;

export function createKubernetesIsolation(options: IsolationOptions): Isolation {
  const { client, now, gateway, image } = options;
  const render = { ...defaultRenderOptions, domain: '', ...options.render };
  const { home, abroad } = trialNamespaces(render);

  const podsOf = async (namespace: string, labelSelector: string): Promise<Pod[]> =>
    (await client.list<Pod>(collectionPath('Pod', namespace), { labelSelector })).items;
  const podOf = async (namespace: string, trial: string, part: string): Promise<Pod | undefined> =>
    (await podsOf(namespace, `${TRIAL_LABEL}=${trial},berth.dev/part=${part}`))[0];
  const addressOf = async (name: string, namespace: string): Promise<string> => {
    const found = await client.get<V1Service & Stored>(objectPath('Service', name, namespace));
    if (!found?.spec?.clusterIP) throw new TransientError(`The Service ${name} has no address yet.`);
    return found.spec.clusterIP;
  };
  const at = (address: string, port: number): string =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

  /** A process of the gateway that runs, where it is known which those are. */
  async function gatewayPod(): Promise<Pod | undefined> {
    if (!gateway) return undefined;
    const pods = await podsOf(render.gateway.namespace, gateway.selector);
    return pods.find(({ status }) => status?.phase === 'Running' && status.podIP !== undefined);
  }

  async function begin(trial: string, using: string): Promise<void> {
    for (const name of [home, abroad]) {
      const found = await client.get<Stored>(objectPath('Namespace', name));
      if (found?.metadata.deletionTimestamp)
        throw new TransientError(`The namespace ${name} is still being removed.`);
    }
    for (const object of renderPlaces(trial, render)) await apply(client, object);
    await create(client, renderTarget({ trial, namespace: home }, using));
  }

  async function send(trial: string, using: string, target: string, guarded: Pod | undefined) {
    const ways = {
      pod: at(target, PORT),
      service: at(await addressOf(SERVICE, home), PORT),
      metadata: METADATA,
      api: at(await addressOf('kubernetes', 'default'), 443),
      ...(guarded?.status?.podIP && gateway && { gateway: at(guarded.status.podIP, gateway.port) }),
    };
    const near = { neighbour: at(target, PORT), names: `${SERVICE}:${PORT}` };
    await create(client, renderCaller({ trial, name: 'neighbour', namespace: home }, using, near));
    await create(client, renderCaller({ trial, name: 'stranger', namespace: abroad }, using, ways));
  }

  async function step(trial: string): Promise<IsolationOutcome | undefined> {
    const guarded = await gatewayPod();
    const using = image ?? guarded?.spec?.containers[0]?.image;
    if (using === undefined)
      throw new TransientError('No process of the gateway runs, whose image would try it.');
    const target = await podOf(home, trial, SERVICE);
    if (!target) {
      await begin(trial, using);
      return undefined;
    }
    const callers = await Promise.all([podOf(home, trial, 'neighbour'), podOf(abroad, trial, 'stranger')]);
    const [neighbour, stranger] = callers;
    const outcome = neighbour && stranger && verdictOf([neighbour, stranger]);
    if (outcome) return outcome;
    const since = Date.parse(target.metadata.creationTimestamp ?? '');
    if (now() - since > LONGEST_SECONDS * 1000) return unknown(whyLate([target, neighbour, stranger]));
    const isReady = target.status?.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    const ip = target.status?.podIP;
    if ((!neighbour || !stranger) && isReady && ip) await send(trial, using, ip, guarded);
    return undefined;
  }

  return {
    rules: async () =>
      shortHash(JSON.stringify([renderPlaces('', render), render.gateway, gateway, image]), 16),
    async advance(trial) {
      try {
        return await step(trial);
      } catch (error) {
        if (isNamespaceGone(error)) throw new TransientError('The namespace was removed meanwhile.');
        throw error;
      }
    },
    async end() {
      await Promise.all([home, abroad].map((name) => remove(client, objectPath('Namespace', name))));
    },
  };
}

const unknown = (why: string): IsolationOutcome => ({ state: 'unknown', why: `${why}.` });

function whyLate(pods: readonly (Pod | undefined)[]): string {
  const trouble = pods.flatMap((pod) => (pod ? [podTrouble(pod)?.why ?? ''] : [])).find(Boolean);
  return `The pods that try it have not ended: ${trouble ?? 'they have not begun'}`;
}
