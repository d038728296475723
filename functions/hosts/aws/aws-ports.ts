/**
 * Wires the adapters for AWS together. Each file beside this one makes some of them, with its clients of the AWS SDK,
 * and is loaded at the first call, so that a read does not wait for what it does not need.
 */
import { createAddresses } from '../../adapters/kubernetes/addresses.ts';
import { createReceivers } from '../../adapters/outgoing/receivers.ts';
import { createEffects } from '../../adapters/system/effects.ts';
import type { ChainHead } from '../../core/events/audit-chain.ts';
import { type MailSettings, recipientRefusal } from '../../core/events/formats/mail-recipients.ts';
import { originOfApi } from '../../core/git/github-app.ts';
import type { Anchors } from '../../ports/anchors.ts';
import type { Databases, DedicatedServers } from '../../ports/databases.ts';
import type { GitHubApp } from '../../ports/github-app.ts';
import type { Ports } from '../../ports/index.ts';
import type { LogLine, Logs } from '../../ports/logs.ts';
import type { Mail } from '../../ports/mail.ts';
import { count } from '../../ports/meter.ts';
import { withWorkloadLogs } from '../../ports/rules/workload-logs.ts';
import type { SecretKeepers } from '../../ports/secret-keepers.ts';
import type { AwsConfig } from './aws-config.ts';
import { lazy, once } from './lazy.ts';

const ACTIVITY = ['lastRequests', 'requests', 'counts', 'forget'] as const;
const CACHES = ['refusal', 'ensure', 'allow', 'disable', 'sleep', 'wake', 'remove', 'inventory'] as const;
const BUCKETS_AND_QUEUES = [
  'makeKey',
  'ensure',
  'allow',
  'retain',
  'sleep',
  'wake',
  'remove',
  'inventory',
] as const;
const WORKLOADS = [
  'ensureEnvironment',
  'removeEnvironment',
  'inventory',
  'apply',
  'awaitRollout',
  'runRelease',
  'runCommand',
  'endCommand',
  'scale',
  'remove',
  'status',
  'kill',
  'metrics',
  'url',
  'host',
  'endpoint',
  'ensureVolume',
  'removeVolume',
  'check',
  'close',
] as const;

/** Made once per container: the adapters are kept between invocations. */
export function createAwsPorts(config: AwsConfig): {
  ports: Ports;
  flush(): Promise<void>;
  /** Reads a secret of the installation itself, by its name or ARN. */
  readSecret(id: string): Promise<string>;
} {
  const { backupBucket, keyBoundary } = config;
  const effects = createEffects();
  const store = once(async () => (await import('./ports/store.ts')).createStore(config));
  // Nearly every request needs the store; where loading it fails, the request reports the error.
  store().catch(() => undefined);
  const registry = lazy(
    async () => (await import('./ports/registry.ts')).createRegistry(config),
    [
      'ensureRepository',
      'removeRepository',
      'removeImage',
      'resolve',
      'keep',
      'findings',
      'signatures',
      'list',
    ],
  );
  const cluster = once(async () =>
    (await import('./ports/cluster.ts')).createCluster(config, { effects, registry }),
  );
  const databases = once(async () => (await import('./ports/secrets.ts')).createDatabases(config));
  const anchors = lazyAnchors(async () => (await import('./ports/anchors.ts')).createAnchors(config));
  const { logs, flush } = lazyLogs(async () => (await import('./ports/logs.ts')).createLogs(config));
  const secrets = lazy(
    async () => (await import('./ports/secrets.ts')).createSecrets(config, await store()),
    ['put', 'get', 'revoke', 'remove', 'list'],
  );
  const receivers = createReceivers();
  const ports: Ports = {
    isOnAws: true,
    effects,
    logs: withWorkloadLogs(logs, async () => (await byPlace()).logs),
    anchors,
    registry,
    receivers,
    ...(config.githubApp && { githubApp: githubAppOf(config, config.githubApp, { receivers, effects }) }),
    ...(config.identity.origin !== undefined && { origin: config.identity.origin }),
    ...(config.mail && { mail: mailOf(config, config.mail) }),
    store: lazy(store, ['get', 'getMany', 'query', 'transact', 'due', 'changed', 'close']),
    secrets,
    secretKeepers: keepersOf(config, effects.now),
    workflows: {
      pauses: true,
      ...lazy(
        async () => (await import('./ports/workflows.ts')).createWorkflows(config),
        ['start', 'stop', 'describe', 'runStep', 'close'],
      ),
    },
    databases: {
      ...lazy(databases, ['connect', 'endpoint', 'readCopy', 'loadCopy', 'maskCopy', 'close']),
      ...(config.database.dedicated && {
        dedicated: lazy(
          async () => dedicatedOf(await databases()),
          ['ensure', 'remove', 'snapshots', 'exists'],
        ),
      }),
    },
    ...(backupBucket !== undefined && {
      backups: lazy(
        async () => (await import('./ports/backups.ts')).createBackups(config, backupBucket),
        ['write', 'read', 'link', 'remove', 'list'],
      ),
    }),
    // In the account of the installation, wherever programs run.
    ...(keyBoundary !== undefined && {
      bucketsAndQueues: {
        // Plans ask, which need nothing of the SDK.
        refusal: async () => undefined,
        ...lazy(async () => {
          const { createBucketsAndQueues } = await import('./ports/buckets-and-queues.ts');
          return createBucketsAndQueues(config, keyBoundary, effects);
        }, BUCKETS_AND_QUEUES),
      },
    }),
    builder: {
      ...lazy(
        async () => (await import('./ports/builder.ts')).createBuilder(config),
        ['saveSource', 'openUpload', 'hasUpload', 'removeSource', 'dockerfiles', 'build', 'end'],
      ),
      atOnce: config.builds.atOnce,
    },
    workloads: lazy(async () => (await byPlace()).workloads, WORKLOADS),
    caches: lazy(async () => (await byPlace()).caches, CACHES),
    wakers: lazy(async () => (await cluster()).wakers, ['knows']),
    manifests: lazy(async () => (await cluster()).manifests, ['open']),
    isolation: lazy(async () => (await cluster()).isolation, ['rules', 'advance', 'end']),
    activity: lazy(async () => (await byPlace()).activity, ACTIVITY),
    places: lazy(async () => (await byPlace()).places, ['accept', 'check', 'of']),
  };
  /** What is led to the place of each environment; a request that asks of none loads none of it. */
  const byPlace = once(async () => {
    const [{ createByPlace }, { createKeptMasks }, { acceptEks }] = await Promise.all([
      import('../../adapters/placement/by-place.ts'),
      import('./ports/kept-masks.ts'),
      import('./accept-eks.ts'),
    ]);
    const { keep, mask } = createKeptMasks(secrets, effects);
    // One for all places: what is kept of an environment that is gone is found without its record.
    const archive = once(async () => ({
      ...(await import('./ports/logs.ts')).createArchive(config),
      mask,
    }));
    const workloads = lazy(async () => (await cluster()).workloads, WORKLOADS);
    return createByPlace({
      home: {
        workloads: {
          ...workloads,
          async apply(spec) {
            await keep(spec);
            await workloads.apply(spec);
          },
          ...createAddresses(config.apps),
        },
        activity: lazy(async () => (await cluster()).activity, ACTIVITY),
        caches: lazy(async () => (await cluster()).caches, CACHES),
        logs: withWorkloadLogs(
          logs,
          once(async () => (await cluster()).logs(logs, await archive())),
        ),
      },
      store: ports.store,
      effects,
      accept: acceptEks(config),
      open: async (place) =>
        (await import('./ports/places.ts')).openEksPlace(
          config,
          { effects, registry, logs, output: { archive: await archive(), keep } },
          place,
        ),
    });
  });
  return {
    ports,
    async flush() {
      await Promise.all([flush(), anchors.flush()]);
    },
    readSecret: async (id) => (await import('./ports/secrets.ts')).readSecret(config, id),
  };
}

/** Those that the settings connect. */
function keepersOf(config: AwsConfig, now: () => number): SecretKeepers {
  const load = once(async () => (await import('./ports/secrets.ts')).createKeepers(config, now));
  const keeper = (name: keyof SecretKeepers) => lazy(async () => (await load())[name], ['pin', 'read']);
  return {
    ...(config.sources.aws && { 'aws-secrets-manager': keeper('aws-secrets-manager') }),
    ...(config.sources.vault && { vault: keeper('vault') }),
  };
}

function dedicatedOf({ dedicated }: Databases): DedicatedServers {
  if (dedicated) return dedicated;
  throw new Error('The configuration has servers of their own, and the adapter has none');
}

/** Notes are collected here until they are to be kept; only then is the adapter needed. */
function lazyAnchors(load: () => Promise<Anchors>): Anchors {
  const loaded = once(load);
  let noted = new Map<string, ChainHead>();
  const handOn = async (): Promise<Anchors> => {
    const heads = noted;
    noted = new Map();
    const anchors = await loaded();
    for (const [project, head] of heads) anchors.note(project, head);
    return anchors;
  };
  return {
    note(project, head) {
      count('s3.write', 1);
      noted.set(project, head);
    },
    async flush() {
      if (noted.size > 0) await (await handOn()).flush();
    },
    heads: async (project) => (await handOn()).heads(project),
  };
}

type FlushedLogs = Logs & { flush(): Promise<void> };

/** `append` does not wait for the adapter: lines are handed on in order once it is loaded. */
function lazyLogs(load: () => Promise<FlushedLogs>): { logs: Logs; flush(): Promise<void> } {
  const loaded = once(load);
  let appended: Promise<void> = Promise.resolve();
  const append = (stream: string, line: LogLine): void => {
    appended = appended.then(async () => (await loaded()).append(stream, line)).catch(() => undefined);
  };
  const later = lazy(async (): Promise<Logs> => {
    await appended;
    return loaded();
  }, ['read', 'page', 'close']);
  let used = false;
  return {
    logs: {
      ...later,
      append(stream, line) {
        used = true;
        append(stream, line);
      },
      async *follow(stream, options) {
        await appended;
        yield* (await loaded()).follow(stream, options);
      },
    },
    async flush() {
      if (!used) return;
      await appended;
      await (await loaded()).flush();
    },
  };
}

function githubAppOf(
  config: AwsConfig,
  settings: NonNullable<AwsConfig['githubApp']>,
  given: Pick<Ports, 'receivers' | 'effects'>,
): GitHubApp {
  const load = once(async () =>
    (await import('./ports/github-app.ts')).openGitHubApp(config, settings, given),
  );
  const { api } = settings;
  return {
    api,
    origin: originOfApi(api),
    ...lazy(load, ['secrets', 'token']),
    forget: (repository) => void load().then((app) => app.forget(repository)),
    forgetOwner: (owner) => void load().then((app) => app.forgetOwner(owner)),
  };
}

function mailOf(config: AwsConfig, settings: MailSettings): Mail {
  const mail = once(async () => (await import('./ports/mail.ts')).createMail(config, settings));
  return {
    // The rule needs nothing of the SDK.
    refusal: (address) => recipientRefusal(settings, address),
    send: async (...message) => (await mail()).send(...message),
  };
}
