/** One container of a workload. */
import type { V1Container, V1EnvVar, V1Probe, V1VolumeMount } from '@kubernetes/client-node';
import { shortHash } from '../../../core/names.ts';
import { Problem } from '../../../core/problem.ts';
import { portVariable } from '../../../core/score/all-variables.ts';
import type { ContainerSpec, Probe, ServicePort, WorkloadSpec } from '../../../ports/workloads.ts';
import { DEFAULT_MEMORY_LIMIT, type RenderImage } from './options.ts';
import { fileKey, mountName } from './volume-manifests.ts';

/** What Pod Security's `restricted` level asks of a container. */
export const restrictedContainer = {
  allowPrivilegeEscalation: false,
  privileged: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

const PROBE_PERIOD_SECONDS = 5;

export interface ContainerContext {
  spec: WorkloadSpec;
  image: RenderImage;
  /** Name of the Secret with this deployment's sensitive variables. */
  secret: string;
  /** Whether the service's ports are this container's. */
  serves: boolean;
}

/** Where a sensitive variable is found in the deployment's Secret. */
export function variableKey(container: string, name: string): string {
  const key = `${container}.${name}`;
  return /^[-._a-zA-Z0-9]{1,200}$/.test(key) ? key : `variable-${shortHash(key, 16)}`;
}

/** Kubernetes expands `$(NAME)` in a value and halves each `$$`; what a developer wrote is meant as it is. */
const literal = (value: string): string => value.replaceAll('$', '$$$$');

/** No name that the API refuses or the system reads differently. */
const usable = (name: string): boolean => /^[\x20-\x3c\x3e-\x7e]{1,1024}$/.test(name);

export const portVariables = (ports: readonly ServicePort[]): V1EnvVar[] =>
  ports.map((port, index) => ({
    name: portVariable(index, port.name),
    value: String(port.targetPort),
  }));

function variables({ variables: declared, name: container }: ContainerSpec, context: ContainerContext) {
  const entries = new Map<string, V1EnvVar>();
  for (const { name, value, sensitive } of declared.filter(({ name }) => usable(name))) {
    entries.set(
      name,
      sensitive
        ? {
            name,
            valueFrom: { secretKeyRef: { name: context.secret, key: variableKey(container, name) } },
          }
        : { name, value: literal(value) },
    );
  }
  // Ports come first, since `$(PORT)` in a later value or in the command refers to what stands before it.
  const ports = portVariables(context.spec.ports);
  for (const { name } of ports) entries.delete(name);
  return [...ports, ...entries.values()];
}

/** The API takes fewer names of headers than a Score file may have. */
export const isHeaderName = (name: string): boolean => /^[-A-Za-z0-9]+$/.test(name);

/**
 * Never with `host`: a probe of a developer's choice would go from the node to any machine.
 * @throws Problem invalid_score
 */
export function renderProbe({ httpGet, exec }: Probe): Pick<V1Probe, 'httpGet' | 'exec'> {
  if (!httpGet) return { exec: { command: exec?.command ?? [] } };
  const refused = httpGet.headers.find(({ name }) => !isHeaderName(name));
  if (refused) {
    throw new Problem('invalid_score', `A probe sends the header ${refused.name}, which no cluster takes.`, {
      hint: 'Name it with letters, digits and hyphens, as most servers want it anyway.',
    });
  }
  const headers = httpGet.headers.map(({ name, value }) => ({ name, value }));
  if (httpGet.host && !headers.some(({ name }) => name.toLowerCase() === 'host'))
    headers.push({ name: 'Host', value: httpGet.host });
  const { path, port, scheme } = httpGet;
  return { httpGet: { path, port, scheme, ...(headers.length > 0 && { httpHeaders: headers }) } };
}

function probes(container: ContainerSpec, { spec, serves }: ContainerContext): Partial<V1Container> {
  const often = { periodSeconds: PROBE_PERIOD_SECONDS, timeoutSeconds: 3, failureThreshold: 3 };
  const first = spec.ports.find(({ protocol }) => protocol === 'TCP');
  const readiness = container.readinessProbe
    ? renderProbe(container.readinessProbe)
    : serves && first
      ? { tcpSocket: { port: first.targetPort } }
      : undefined;
  const liveness = container.livenessProbe && renderProbe(container.livenessProbe);
  return {
    ...(readiness && { readinessProbe: { ...readiness, ...often, periodSeconds: 2 } }),
    ...(liveness && {
      livenessProbe: { ...liveness, ...often, periodSeconds: 10 },
      // A slow start is not a failure: it has the whole deadline.
      startupProbe: {
        ...liveness,
        ...often,
        failureThreshold: Math.max(3, Math.ceil(spec.progressDeadlineSeconds / PROBE_PERIOD_SECONDS)),
      },
    }),
  };
}

/** Memory in bytes, processors in thousandths: exact, and as the API writes them itself. */
export const quantities = ({ cpu, memoryBytes }: ContainerSpec['limits']): Record<string, string> => ({
  ...(cpu !== undefined && { cpu: `${Math.max(1, Math.round(cpu * 1000))}m` }),
  ...(memoryBytes !== undefined && { memory: String(Math.ceil(memoryBytes)) }),
});

/** A namespace gives a container without a limit its own, and refuses a request above that. */
function limitsOf({ limits, requests }: ContainerSpec): ContainerSpec['limits'] {
  const asked = requests.memoryBytes ?? 0;
  if (limits.memoryBytes !== undefined || asked <= DEFAULT_MEMORY_LIMIT) return limits;
  return { ...limits, memoryBytes: asked };
}

/** A pod that is replaced still serves what it has begun: it hears of its end when that has had its time. */
const drain = ({ drainSeconds }: WorkloadSpec): Pick<V1Container, 'lifecycle'> =>
  drainSeconds > 0 ? { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } } : {};

const mounts = (container: ContainerSpec): V1VolumeMount[] => [
  ...container.volumes.map(({ source, target, path, readOnly }) => ({
    name: mountName(source),
    mountPath: target,
    readOnly,
    ...(path && { subPath: path }),
  })),
  ...container.files.map(({ target }) => ({
    name: 'files',
    mountPath: target,
    subPath: fileKey(container.name, target),
    readOnly: true,
  })),
];

/** A name that stays unique among ports of the pod; the API allows 15 characters. */
const portName = (index: number): string => `port-${index}`;

/**
 * The command is always written out: Kubernetes expands `$(PORT)` in what the pod says, not in what the image
 * says. As it does itself, one's own command leaves out the image's arguments.
 */
export function renderContainer(container: ContainerSpec, context: ContainerContext): V1Container {
  const { image, spec, serves } = context;
  const command = container.command ?? image.entrypoint;
  const args = container.args ?? (container.command ? [] : image.cmd);
  const ports = new Map(spec.ports.map((port) => [`${port.targetPort}/${port.protocol}`, port]));
  const limits = quantities(limitsOf(container));
  const requests = quantities(container.requests);
  const mounted = mounts(container);
  return {
    name: container.name,
    image: image.reference,
    imagePullPolicy: 'IfNotPresent',
    ...(command.length > 0 && { command }),
    ...(args.length > 0 && { args }),
    env: variables(container, context),
    ...(serves &&
      ports.size > 0 && {
        ports: [...ports.values()].map(({ targetPort, protocol }, index) => ({
          name: portName(index),
          containerPort: targetPort,
          protocol,
        })),
        ...drain(spec),
      }),
    ...(Object.keys({ ...limits, ...requests }).length > 0 && {
      resources: {
        ...(Object.keys(limits).length > 0 && { limits }),
        ...(Object.keys(requests).length > 0 && { requests }),
      },
    }),
    ...(mounted.length > 0 && { volumeMounts: mounted }),
    ...probes(container, context),
    securityContext: restrictedContainer,
  };
}
