/**
 * What holds requests for environments that sleep, in the gateway's namespace: an image that has Node.js and no shell, the
 * program as a file beside it, and an account whose token is good for one question to Berth.
 */
import { createHash } from 'node:crypto';
import {
  ACTIVATOR,
  gatewayNamespace,
  WAKES_AUDIENCE,
} from '../../functions/adapters/kubernetes/object-names.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { spreadPods } from './spread-pods.ts';

export interface ActivatorObjectsOptions {
  /** The name of the installation, which names of environments' namespaces begin with. */
  name: string;
  /** The namespace that it is in; that of the installation's gateway unless given. */
  namespace?: string;
  /** The namespace of the gateway's pods, from which alone it takes requests; its own unless given. */
  gatewayNamespace?: string;
  image: string;
  /** The address of Berth, as pods of the cluster reach it. */
  url: string;
  /** The program, one file. */
  program: string;
}

const PORT = 8080;

/** How long what is held when it ends has: as long as requests wait, and a moment more. */
const GRACE_SECONDS = 150;

/** In the order in which they are made. */
export function activatorObjects({
  name,
  namespace = gatewayNamespace(name),
  gatewayNamespace: from = namespace,
  image,
  url,
  program,
}: ActivatorObjectsOptions): ClusterObject[] {
  const placed = { name: ACTIVATOR, namespace };
  const labels = { 'app.kubernetes.io/name': ACTIVATOR, 'app.kubernetes.io/managed-by': 'berth' };
  const hash = createHash('sha256').update(program).digest('hex').slice(0, 16);
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: placed },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: placed, data: { 'activator.mjs': program } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...placed, labels },
      spec: {
        // Requests of sleepers are lost where none is there.
        replicas: 2,
        selector: { matchLabels: labels },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          // Another program is another pod.
          metadata: { labels, annotations: { 'berth.dev/program': hash } },
          spec: {
            serviceAccountName: ACTIVATOR,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: GRACE_SECONDS,
            ...spreadPods(labels),
            containers: [
              {
                name: ACTIVATOR,
                image,
                // The image's entrypoint is Node.js.
                args: ['--max-semi-space-size=1', '/berth/activator.mjs'],
                env: [
                  { name: 'BERTH_URL', value: url },
                  { name: 'BERTH_NAMESPACE_PREFIX', value: name },
                  { name: 'BERTH_TOKEN_FILE', value: '/identity/token' },
                  { name: 'PORT', value: String(PORT) },
                ],
                ports: [{ containerPort: PORT }],
                readinessProbe: { httpGet: { path: '/healthz', port: PORT }, periodSeconds: 2 },
                livenessProbe: {
                  httpGet: { path: '/healthz', port: PORT },
                  periodSeconds: 10,
                  failureThreshold: 6,
                },
                resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '256Mi' } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                volumeMounts: [
                  { name: 'program', mountPath: '/berth', readOnly: true },
                  { name: 'identity', mountPath: '/identity', readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: 'program', configMap: { name: ACTIVATOR } },
              {
                name: 'identity',
                projected: {
                  sources: [
                    {
                      serviceAccountToken: {
                        audience: WAKES_AUDIENCE,
                        expirationSeconds: 3600,
                        path: 'token',
                      },
                    },
                  ],
                },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: placed,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: placed,
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes: ['Ingress'],
        // Whose a request is, it believes whoever sends it: the gateway.
        ingress: [
          {
            from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': from } } }],
            ports: [{ port: PORT, protocol: 'TCP' }],
          },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: placed,
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: PORT }] },
    },
  ];
}
