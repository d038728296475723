/** Makes a workload with everything resolved from a deployment's pins. The result holds secret values. */

import {
  type DeploymentDetail,
  type InstanceRef,
  isSameAgain,
  type ResourceOutputs,
  type SecretReference,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { expansionBudget } from '../../core/score/expansion-budget.ts';
import { expand, placeholders } from '../../core/score/placeholders.ts';
import { containerCompute } from '../../core/score/quantities.ts';
import { usedOutputs } from '../../core/score/references.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import { replaceInContainer } from '../../core/score/texts.ts';
import { expandVariables } from '../../core/score/variable-expansion.ts';
import type { ScoreContainer, ScoreProbe, ScoreWorkload } from '../../core/score/workload.ts';
import { AUTHORITY_PATH } from '../../ports/databases.ts';
import type { Ports } from '../../ports/index.ts';
import type {
  ContainerSpec,
  FileSpec,
  Probe,
  Route,
  ServicePort,
  WorkloadSpec,
} from '../../ports/workloads.ts';
import { findResourceType } from '../index.ts';
import { readPinned } from '../kept-elsewhere.ts';
import { outputLookup } from '../outputs.ts';
import { requireOwnImage, requireStartable } from './workload-problems.ts';

/** How long what served before is waited for when it is put back. */
const PUT_BACK_SECONDS = 600;

/** Values by `resource.output`, read once for a spec. */
interface Resolved {
  lookup(path: string[]): string;
  isSecret(path: string[]): boolean;
  /** The values of all secrets that the workload names. */
  secrets: string[];
}

/** Gives the value of a secret output. @param placeholder as a Score file names it */
export type ReadSecret = (placeholder: string, output: string, reference: SecretReference) => Promise<string>;

/**
 * @param read what stands for a secret; its value, without it
 * @throws Problem unresolved_placeholder (an output is missing, a secret version was removed or revoked) | expansion_too_large
 */
export async function workloadSpec(
  ports: Ports,
  deployment: DeploymentDetail,
  fence: number,
  read: ReadSecret = (_, output, reference) => readPinned(ports, output, reference),
): Promise<WorkloadSpec> {
  const { project, environment, environmentId, service, workload } = deployment;
  const settings = workloadSettings(workload);
  const replicas = deployment.replicas ?? settings.replicas;
  const resolved = await resolveOutputs(workload, deployment.outputs ?? {}, read);
  const authority = await authorityOf(ports, deployment.outputs ?? {});
  return {
    project,
    environment,
    ...(environmentId !== undefined && { environmentId }),
    service,
    ...(deployment.processes && { processes: deployment.processes }),
    number: deployment.number,
    fence,
    operation: deployment.operation,
    containers: Object.entries(workload.containers).map(([name, container]) =>
      withAuthority(containerSpec(name, container, deployment, resolved), authority),
    ),
    secrets: resolved.secrets,
    ports: servicePorts(workload),
    routes: routesOf(workload, deployment.outputs ?? {}),
    replicas,
    maxReplicas: Math.max(settings.maxReplicas, replicas),
    strategy: settings.strategy === 'recreate' ? 'recreate' : 'rolling',
    ...(settings.affinity && { affinity: settings.affinity }),
    // Nobody waits for what is put back, and it has served before: it is given up later than what is new.
    progressDeadlineSeconds:
      fence > deployment.number
        ? Math.max(settings.progressDeadlineSeconds, PUT_BACK_SECONDS)
        : settings.progressDeadlineSeconds,
    // What an earlier deployment is, that has served already, it need not show again.
    minReadySeconds:
      deployment.kind === 'rollback' || fence > deployment.number ? 0 : settings.minReadySeconds,
    drainSeconds: settings.drainSeconds,
    // A worker would go on working; and what runs once more is nothing to go back to.
    warmSeconds:
      isSameAgain(deployment.kind) || servicePorts(workload).length === 0 ? 0 : settings.warmSeconds,
    keepFailedSeconds: settings.keepFailedSeconds,
    ...(deployment.kind === 'rollback' && { reuse: true }),
  };
}

/** PEM of the authorities of its databases, where it has one whose authority systems do not know. */
async function authorityOf(
  { databases }: Ports,
  outputs: Record<string, ResourceOutputs>,
): Promise<string | undefined> {
  const has = Object.values(outputs).some(({ values }) => values.sslrootcert === AUTHORITY_PATH);
  return has ? (await databases.endpoint()).authority : undefined;
}

/**
 * The file that the database's URL names, and the variables by which libpq and Node.js find it without one. What the
 * workload says itself stands.
 */
function withAuthority(container: ContainerSpec, authority: string | undefined): ContainerSpec {
  if (authority === undefined) return container;
  const variables = ['PGSSLROOTCERT', 'NODE_EXTRA_CA_CERTS'].map((name) => ({
    name,
    value: AUTHORITY_PATH,
    sensitive: false,
  }));
  const files = [{ target: AUTHORITY_PATH, mode: 0o444, content: Buffer.from(authority) }];
  const isOpen = (path: string): boolean => !container.files.some(({ target }) => target === path);
  const isUnset = (name: string): boolean => !container.variables.some((one) => one.name === name);
  return {
    ...container,
    variables: [...container.variables, ...variables.filter(({ name }) => isUnset(name))],
    files: [...container.files, ...files.filter(({ target }) => isOpen(target))],
  };
}

/** The service ports of a workload in the order of the file. */
export const servicePorts = (workload: ScoreWorkload): ServicePort[] =>
  Object.entries(workload.service?.ports ?? {}).map(([name, { port, targetPort, protocol }]) => ({
    name,
    port,
    targetPort: targetPort ?? port,
    protocol: protocol ?? 'TCP',
  }));

async function resolveOutputs(
  workload: ScoreWorkload,
  outputs: Record<string, ResourceOutputs>,
  read: ReadSecret,
): Promise<Resolved> {
  const secrets = new Map<string, string>();
  const used = usedOutputs(workload);
  for (const [name, resource] of Object.entries(outputs)) {
    for (const [output, reference] of Object.entries(resource.secrets)) {
      // Only outputs that the workload uses are read: other secret values stay where they are.
      if (!used.get(name)?.has(output)) continue;
      const path = `${name}.${output}`;
      secrets.set(path, await read(`\${resources.${path}}`, output, reference));
    }
  }
  return {
    lookup: outputLookup(workload, outputs, secrets),
    isSecret: (path) => path[0] === 'resources' && secrets.has(path.slice(1).join('.')),
    secrets: [...new Set(secrets.values())],
  };
}

function containerSpec(
  name: string,
  container: ScoreContainer,
  deployment: InstanceRef & { digest: string },
  resolved: Resolved,
): ContainerSpec {
  requireOwnImage(name, container, deployment.digest);
  const budget = expansionBudget();
  const expanded = replaceInContainer(name, container, (text, { part, where }) =>
    expand(text, part === 'volume' ? sourceOf(resolved) : resolved.lookup, where, budget),
  );
  requireStartable(name, expanded);
  // The place expands these words itself; where it would come to too much, it is not asked to.
  for (const word of [...(container.command ?? []), ...(container.args ?? [])])
    expandVariables(word, expanded.variables ?? {}, budget);
  return {
    name,
    digest: deployment.digest,
    ...(container.command && { command: container.command }),
    ...(container.args && { args: container.args }),
    variables: Object.entries(expanded.variables ?? {}).map(([variable, value]) => ({
      name: variable,
      value,
      sensitive: placeholders(container.variables?.[variable] ?? '').some(resolved.isSecret),
    })),
    files: fileSpecs(expanded),
    volumes: Object.entries(expanded.volumes ?? {}).map(([target, volume]) => ({
      target,
      source: volume.source,
      ...(volume.path && { path: volume.path }),
      readOnly: volume.readOnly ?? false,
    })),
    ...(container.livenessProbe && { livenessProbe: probe(container.livenessProbe) }),
    ...(container.readinessProbe && { readinessProbe: probe(container.readinessProbe) }),
    ...containerCompute(container),
    before: Object.fromEntries(
      Object.entries(container.before ?? {}).map(([other, { ready }]) => [other, ready]),
    ),
  };
}

/**
 * A volume may name its resource alone: `${resources.data}` stands for `${resources.data.source}`. A source names no
 * secret, so that an error may quote it.
 */
const sourceOf =
  ({ lookup, isSecret }: Resolved) =>
  (path: string[]): string => {
    const output = path.length === 2 && path[0] === 'resources' ? [...path, 'source'] : path;
    if (!isSecret(output)) return lookup(output);
    throw new Problem(
      'unresolved_placeholder',
      `The placeholder \${${path.join('.')}} is a secret, and can not be the source of a volume.`,
      { hint: 'Name a resource of type volume.' },
    );
  };

const fileSpecs = ({ files = {} }: ScoreContainer): FileSpec[] =>
  Object.entries(files).map(([target, { mode = '0644', content = '', binaryContent }]) => ({
    target,
    mode: Number.parseInt(mode, 8),
    content: binaryContent === undefined ? Buffer.from(content) : Buffer.from(binaryContent, 'base64'),
  }));

/** A request's path in the form that both a kubelet and Node.js send: from a slash on, without blanks. */
const probePath = (path: string): string =>
  path
    .toWellFormed()
    .replace(/^(?!\/)/, '/')
    .replace(/[^\x21-\x7e]+/g, encodeURIComponent);

function probe({ httpGet, exec }: ScoreProbe): Probe {
  return {
    ...(httpGet && {
      httpGet: {
        path: probePath(httpGet.path),
        port: httpGet.port,
        scheme: httpGet.scheme ?? 'HTTP',
        ...(httpGet.host && { host: httpGet.host }),
        headers: httpGet.httpHeaders ?? [],
      },
    }),
    ...(exec && { exec }),
  };
}

/**
 * The routes of a workload. Some resources send requests to the service: their outputs say from which host and path
 * to which port.
 */
export function routesOf(workload: ScoreWorkload, outputs: Record<string, ResourceOutputs>): Route[] {
  return Object.entries(workload.resources ?? {}).flatMap(([name, { type }]) => {
    const values = outputs[name]?.values;
    const route = values && findResourceType(type)?.route?.(values);
    return route ? [route] : [];
  });
}
