/** A Redis server in an environment's namespace: one pod, its volume, and who may come in. */
import { shortHash } from '../../../core/names.ts';
import type { CacheRef, CacheSpec } from '../../../ports/caches.ts';
import {
  redisMemoryLimit,
  redisRequests,
  redisSettings,
  redisVolumeBytes,
} from '../../../ports/rules/redis-users.ts';
import { restrictedContainer } from '../manifests/container-manifest.ts';
import { COMPONENT_LABEL, environmentLabels, MANAGED_BY, OPERATION_ANNOTATION } from '../manifests/labels.ts';
import type { JobObject, KubernetesObject, SecretObject } from '../manifests/objects.ts';
import type { RenderOptions } from '../manifests/options.ts';
import { namespaceName } from '../object-names.ts';

export interface CacheRender {
  render: Pick<RenderOptions, 'namespacePrefix' | 'user' | 'storageClass'>;
  /** One that has `redis-server` and `redis-cli` on its path, version 7 or newer. */
  image: string;
}

export const PORT = 6379;
/** Of the Secret: whose the server is, and which of its users the running server has by now. */
export const OWNER_ANNOTATION = 'berth.dev/owner';
export const TAKEN_UP_ANNOTATION = 'berth.dev/users-taken-up';
export const ADMINISTRATOR = 'berth';
const CACHE_LABEL = 'berth.dev/cache';
/** How long a command of the administrator may take, and how long its end is kept, seconds. */
const COMMAND_SECONDS = 60;
const KEPT_SECONDS = 300;

/** Longer than a service's name can be, so that nothing of a service has it. */
export const cacheName = ({ name }: Pick<CacheRef, 'name'>): string => `cache-${shortHash(name, 40)}`;

export const cacheNamespace = (cache: CacheRef, { render }: Pick<CacheRender, 'render'>): string =>
  namespaceName(render.namespacePrefix, cache);

const metadataOf = (cache: CacheRef, options: Pick<CacheRender, 'render'>) => ({
  name: cacheName(cache),
  namespace: cacheNamespace(cache, options),
  labels: { ...environmentLabels(cache), [COMPONENT_LABEL]: 'cache', [CACHE_LABEL]: cacheName(cache) },
});

const selectorOf = (cache: CacheRef): Record<string, string> => ({
  [MANAGED_BY]: 'berth',
  [COMPONENT_LABEL]: 'cache',
  [CACHE_LABEL]: cacheName(cache),
});

/** Who may come in, and the administrator's password. It holds secret values: never store or log it. */
export function renderUsers(
  cache: CacheRef,
  options: Pick<CacheRender, 'render'>,
  users: { acl: string; password: string; takenUp: string; resourceVersion?: string },
): SecretObject {
  const { acl, password, takenUp, resourceVersion } = users;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...metadataOf(cache, options),
      annotations: { [OWNER_ANNOTATION]: cache.tag, [TAKEN_UP_ANNOTATION]: takenUp },
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type: 'Opaque',
    data: { 'users.acl': base64(acl), password: base64(password) },
  };
}

const security = ({ render: { user } }: CacheRender) => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  fsGroupChangePolicy: 'OnRootMismatch' as const,
  seccompProfile: { type: 'RuntimeDefault' },
});

/** All but the users. In the order in which they are to be made. */
export function renderCache(cache: CacheRef, spec: CacheSpec, options: CacheRender): KubernetesObject[] {
  const metadata = metadataOf(cache, options);
  const { name, labels } = metadata;
  const { memoryBytes } = spec;
  const requests = redisRequests(memoryBytes);
  const { storageClass } = options.render;
  const flags = {
    ...redisSettings(spec),
    port: String(PORT),
    dir: '/data',
    aclfile: '/etc/redis-users/users.acl',
    // The network's policy says who comes, and nobody does without a password.
    'protected-mode': 'no',
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: String(redisVolumeBytes(memoryBytes)) } },
        ...(storageClass !== undefined && { storageClassName: storageClass }),
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: selectorOf(cache) },
        policyTypes: ['Ingress'],
        ingress: [{ _from: [{ podSelector: {} }], ports: [{ port: PORT, protocol: 'TCP' }] }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: selectorOf(cache), ports: [{ name: 'redis', port: PORT, protocol: 'TCP' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, annotations: { [OPERATION_ANNOTATION]: spec.operation } },
      spec: {
        replicas: 1,
        // Two servers on one volume would write over each other.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: selectorOf(cache) },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: security(options),
            terminationGracePeriodSeconds: 30,
            volumes: [
              { name: 'data', persistentVolumeClaim: { claimName: name } },
              {
                name: 'users',
                secret: { secretName: name, items: [{ key: 'users.acl', path: 'users.acl' }] },
              },
            ],
            containers: [
              {
                name: 'redis',
                image: options.image,
                imagePullPolicy: 'IfNotPresent',
                command: ['redis-server'],
                args: Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
                ports: [{ name: 'redis', containerPort: PORT, protocol: 'TCP' }],
                readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 2 },
                resources: {
                  requests: { cpu: `${requests.cpu * 1000}m`, memory: String(requests.memoryBytes) },
                  limits: { memory: String(redisMemoryLimit(memoryBytes)) },
                },
                volumeMounts: [
                  { name: 'data', mountPath: '/data' },
                  { name: 'users', mountPath: '/etc/redis-users', readOnly: true },
                ],
                securityContext: { ...restrictedContainer, readOnlyRootFilesystem: true },
              },
            ],
          },
        },
      },
    },
  ];
}

/**
 * A command of the administrator to the running server: a Job, since Berth itself may be outside the cluster.
 * @param address the Service's
 */
export function renderCacheCommand(
  cache: CacheRef,
  { name, address, words }: { name: string; address: string; words: readonly string[] },
  options: CacheRender,
): JobObject {
  const metadata = metadataOf(cache, options);
  const server = metadata.name;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...metadata, name },
    spec: {
      backoffLimit: 3,
      activeDeadlineSeconds: COMMAND_SECONDS,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        // Not those of the server: no connection is for it.
        metadata: { labels: { ...environmentLabels(cache), [COMPONENT_LABEL]: 'cache-command' } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: security(options),
          containers: [
            {
              name: 'command',
              image: options.image,
              imagePullPolicy: 'IfNotPresent',
              // With the option an error of the server is one of the program.
              command: ['redis-cli', '-e', '-h', address, '-p', String(PORT), '--user', ADMINISTRATOR],
              args: ['--no-auth-warning', ...words],
              env: [
                { name: 'REDISCLI_AUTH', valueFrom: { secretKeyRef: { name: server, key: 'password' } } },
              ],
              securityContext: { ...restrictedContainer, readOnlyRootFilesystem: true },
            },
          ],
        },
      },
    },
  };
}
