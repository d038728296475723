/**
 * What the types whose programs sign with access keys have in common: a bucket or a queue, and the key in use, which is
 * stored before any program has it.
 */
import type { ResourceOutputs } from '../../core/model/index.ts';
import type {
  AccessKey,
  BucketOrQueueEndpoint,
  BucketOrQueueRef,
  BucketOrQueueSpec,
  BucketsAndQueues,
} from '../../ports/buckets-and-queues.ts';
import type { Ports } from '../../ports/index.ts';
import { ServerNotOurs } from '../../ports/rules/server-not-ours.ts';
import { invalidResource, noSuchClass, ownerTag, serverName } from '../owner.ts';
import { type ResourceIdentity, ResourcePending, type ResourceRequest, type ResourceType } from '../type.ts';
import { listKeys, removeKeys, restoreKey, revokeKey, storedKey, storeKey } from './stored-key.ts';

interface KeyedOptions {
  kind: BucketOrQueueRef['kind'];
  /** What it is, for people: "bucket". */
  noun: string;
  /** What each class may take, bytes. */
  sizes: Readonly<Record<string, number>>;
  spec(params: Record<string, unknown>): Pick<BucketOrQueueSpec, 'fifo' | 'visibilitySeconds'>;
  /** The outputs that are no keys. */
  values(at: BucketOrQueueEndpoint): ResourceOutputs['values'];
}

const ELSEWHERE =
  'Make one in your AWS account, and give its name and its keys to the program as secrets of the environment.';

/** The outputs of every such type, by the names that implementations of Score give them. */
export const keyOutputs = {
  endpoint: { secret: false, summary: 'Where the API is, as `http://host:port` or `https://host`.' },
  region: { secret: false, summary: 'The region that requests are signed for.' },
  access_key_id: { secret: false, summary: 'The id of the key.' },
  secret_key: { secret: true, summary: 'The secret of the key.' },
  aws_access_key_id: { secret: false, summary: 'The same as access_key_id.' },
  aws_secret_key: { secret: true, summary: 'The same as secret_key.' },
} as const;

type Members = Pick<
  ResourceType,
  | 'classes'
  | 'owned'
  | 'refusal'
  | 'check'
  | 'provision'
  | 'rotation'
  | 'sleep'
  | 'wake'
  | 'deprovision'
  | 'inventory'
>;

export function withAccessKeys({ kind, noun, sizes, spec, values }: KeyedOptions): Members {
  const classes = Object.keys(sizes);
  const refusal = { why: `there are no ${noun}s here`, hint: ELSEWHERE };

  /** @throws Problem invalid_resource */
  function portOf({ bucketsAndQueues }: Ports, request: ResourceIdentity): BucketsAndQueues {
    if (!classes.includes(request.class)) throw noSuchClass(request, classes);
    if (bucketsAndQueues) return bucketsAndQueues;
    throw invalidResource(request, refusal.why, refusal);
  }

  const refOf = (request: ResourceIdentity): BucketOrQueueRef => ({
    kind,
    project: request.project,
    environment: request.environment,
    environmentId: request.environmentId,
    name: serverName(kind, request),
    tag: ownerTag(request),
  });

  async function explained<T>(request: ResourceIdentity, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ServerNotOurs)) throw error;
      throw invalidResource(request, `a ${noun} with its name exists that is not its own`, {
        hint: 'Give the resource another id. If the environment was destroyed a moment ago, wait until that has ended.',
        cause: error,
      });
    }
  }

  async function outputsOf(
    ports: Ports,
    request: ResourceIdentity,
    key: AccessKey,
    others: ResourceOutputs['values'],
  ): Promise<ResourceOutputs> {
    const reference = await storeKey(ports, request, key);
    return {
      values: { ...others, access_key_id: key.id, aws_access_key_id: key.id },
      secrets: { secret_key: reference, aws_secret_key: reference },
    };
  }

  async function provision(ports: Ports, request: ResourceRequest, stillOwned?: () => Promise<void>) {
    const port = portOf(ports, request);
    await stillOwned?.();
    const ref = refOf(request);
    const stored = await storedKey(ports, request);
    const made = stored ?? (await port.makeKey(ref, [], request.operation));
    await storeKey(ports, request, made);
    // Another deployment may have stored a key meanwhile: one counts.
    const key = stored ?? (await storedKey(ports, request)) ?? made;
    const wanted = {
      ...spec(request.params),
      maxBytes: sizes[request.class] ?? 0,
      operation: request.operation,
    };
    const at = await port.ensure(ref, wanted, key);
    if (!at) throw new ResourcePending(`The ${noun} is being made.`);
    return outputsOf(ports, request, key, { endpoint: at.endpoint, region: at.region, ...values(at) });
  }

  async function rotate(
    ports: Ports,
    request: ResourceIdentity,
    current: ResourceOutputs,
    stillOwned?: () => Promise<void>,
  ) {
    const port = portOf(ports, request);
    await stillOwned?.();
    const { access_key_id: used = '' } = current.values;
    // An earlier run may have made the key, and a deployment may serve with it by now.
    const stored = await storedKey(ports, request);
    const isOther = stored !== undefined && stored.id !== used;
    const key = isOther ? stored : await port.makeKey(refOf(request), [used], request.operation);
    const outputs = await outputsOf(ports, request, key, current.values);
    await port.allow(refOf(request), key);
    return outputs;
  }

  /** Ends all keys but the current one, and makes the stored secret of the former unreadable. */
  async function retire(
    ports: Ports,
    request: ResourceIdentity,
    previous: ResourceOutputs,
    current: ResourceOutputs,
  ): Promise<void> {
    const { access_key_id: id } = current.values;
    if (id === undefined || previous.values.access_key_id === id) return;
    await portOf(ports, request).retain(refOf(request), id);
    await revokeKey(ports, request, previous);
  }

  return {
    classes,
    owned: true,
    async refusal({ bucketsAndQueues }, environment) {
      return bucketsAndQueues ? bucketsAndQueues.refusal(environment) : refusal;
    },
    async check(ports, request) {
      const refused = await portOf(ports, request).refusal(request);
      if (refused) throw invalidResource(request, refused.why, refused);
    },
    provision: (ports, request, stillOwned) =>
      explained(request, () => provision(ports, request, stillOwned)),
    rotation: {
      rotate: (ports, request, current, stillOwned) =>
        explained(request, () => rotate(ports, request, current, stillOwned)),
      restore: restoreKey,
      retire: (ports, request, previous, current) =>
        explained(request, () => retire(ports, request, previous, current)),
    },
    sleep: (ports, request) => explained(request, () => portOf(ports, request).sleep(refOf(request))),
    wake: (ports, request) => explained(request, () => portOf(ports, request).wake(refOf(request))),
    deprovision: (ports, request) =>
      explained(request, async () => {
        if (!(await portOf(ports, request).remove(refOf(request))))
          throw new ResourcePending(`The ${noun} is being removed.`);
        await removeKeys(ports, request);
      }),
    async inventory(ports, request) {
      const left = await portOf(ports, request).inventory(refOf(request));
      return [...left, ...(await listKeys(ports, request))];
    },
  };
}
