/** The agent that keeps what workloads print: on each node, and with no right in the cluster but to see pods. */
import type { ClusterObject } from './cluster-objects.ts';
import { type LogAgentOptions, logAgentConfig } from './log-agent.ts';

export interface LogAgentObjectsOptions extends Pick<LogAgentOptions, 'name' | 'region' | 'logGroup'> {
  image: string;
}

/** No environment's namespace has a name of two parts. */
export const logAgentNamespace = (installation: string): string => `${installation}-logs`;

/** In the order in which they are made. */
export function logAgentObjects({ image, ...options }: LogAgentObjectsOptions): ClusterObject[] {
  const { name } = options;
  const namespace = logAgentNamespace(name);
  const labels = { 'app.kubernetes.io/name': 'log-agent', 'app.kubernetes.io/managed-by': 'berth' };
  const placed = { name, namespace };
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      // It reads files of the node, which the stricter levels forbid.
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: placed },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: namespace },
      // Whose a pod is, is told by its labels.
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: namespace },
      subjects: [{ kind: 'ServiceAccount', ...placed }],
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { ...placed, labels },
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: name,
            // Wherever a workload runs, and before it does.
            priorityClassName: 'system-node-critical',
            tolerations: [{ operator: 'Exists' }],
            terminationGracePeriodSeconds: 30,
            // The files are root's; without capabilities root can do with them what their owner can.
            securityContext: { runAsUser: 0, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'collector',
                image,
                args: ['--config=env:CONFIGURATION'],
                env: [
                  { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                  { name: 'GOMEMLIMIT', value: '200MiB' },
                  { name: 'CONFIGURATION', value: JSON.stringify(logAgentConfig(options)) },
                ],
                resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                volumeMounts: [
                  { name: 'output', mountPath: '/var/log/pods', readOnly: true },
                  { name: 'state', mountPath: '/state' },
                ],
              },
            ],
            volumes: [
              { name: 'output', hostPath: { path: '/var/log/pods', type: 'Directory' } },
              { name: 'state', hostPath: { path: `/var/lib/${namespace}`, type: 'DirectoryOrCreate' } },
            ],
          },
        },
      },
    },
  ];
}
