/** What serves, as files of plain Kubernetes manifests that need no Berth. It only reads, and no value of a secret. */
import { stringify } from 'yaml';
import type {
  DeploymentDetail,
  Environment,
  EnvironmentRef,
  Instance,
  ResourceOutputs,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { provisionOrder } from '../../core/score/references.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import type { Ports } from '../../ports/index.ts';
import type { PlainNamespace, PlainObject } from '../../ports/manifests.ts';
import { specsApart } from '../../ports/rules/workloads/specs-apart.ts';
import { instanceOf, instancesOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { findResourceType } from '../../resources/index.ts';
import { expandParams } from '../../resources/outputs.ts';
import { workloadSpec } from '../../resources/score/workload-spec.ts';
import { besideWorkloads, type LeftBehind, leftOf } from './left-behind.ts';

/** A place in the manifests where the value of a secret has to be written. */
export interface MissingSecret {
  file: string;
  /** Name of the Secret, and the key in it. */
  secret: string;
  key: string;
  /** What stands there for it: `${resources.env.API_KEY}`. */
  placeholders: string[];
}

export interface Ejected {
  namespace: string;
  deployments: { service: string; number: number; version: string }[];
  files: { path: string; text: string }[];
  secrets: MissingSecret[];
  left: LeftBehind[];
}

export interface EjectRequest {
  /** All that serve, where absent. */
  service?: string | undefined;
  namespace?: string | undefined;
  registry?: string | undefined;
}

/** @throws Problem not_found | conflict (nothing serves) | invalid_request (a registry is needed) | not_supported */
export async function eject(
  ports: Ports,
  ref: EnvironmentRef,
  { service, namespace, registry }: EjectRequest,
): Promise<Ejected> {
  const { data: environment } = await getEnvironment(ports.store, ref);
  const serving = servingIn(environment, service);
  const place = await manifestsOf(ports).open(ref, { namespace, registry });
  const ejected: Ejected = { namespace: place.name, deployments: [], files: [], secrets: [], left: [] };
  for (const { service, current } of serving) {
    const { data } = await getDeploymentDetail(ports.store, { ...ref, service }, current);
    const { number, version } = data;
    const path = `services/${service}.yaml`;
    const asked = new Set<string>();
    const { outputs, left } = await outputsThere(ports, environment, data, place);
    const spec = await workloadSpec(ports, { ...data, outputs }, number, async (placeholder) => {
      asked.add(placeholder);
      return placeholder;
    });
    // Nothing masks output there, so that what would be masked is no object of its own.
    const apart = specsApart({ ...spec, secrets: [] });
    const { objects, images } = await place.workload(apart.web);
    for (const own of apart.processes.values()) objects.push(...(await place.workload(own)).objects);
    ejected.deployments.push({ service, number, version });
    ejected.files.push({ path, text: toText(objects) });
    ejected.secrets.push(...missingIn(path, objects, asked));
    ejected.left.push(...left, ...leftOf(spec, data, images, registry !== undefined));
  }
  // Volumes are known once all workloads were looked at.
  ejected.files.unshift({ path: 'environment.yaml', text: toText(place.frame()) });
  const services = new Set(serving.map((one) => one.service));
  ejected.left.push(...(await besideWorkloads(ports, ref, services)));
  return ejected;
}

function manifestsOf({ manifests }: Ports) {
  if (manifests) return manifests;
  throw new Problem('not_supported', 'Manifests can not be had here: nothing renders them.', {
    hint: 'Ask the platform team.',
  });
}

function servingIn(environment: Environment, service: string | undefined) {
  const all = service === undefined ? instancesOf(environment) : [instanceOf(environment, service)];
  const serving = all.filter((one): one is Instance & { current: number } => one.current !== undefined);
  if (serving.length > 0) return serving;
  throw new Problem('conflict', `Nothing serves in environment "${environment.name}" that could leave it.`, {
    hint: 'Deploy something there first.',
  });
}

/** The pinned outputs, with the addresses of the new place where those of this one are of no use there. */
async function outputsThere(
  ports: Ports,
  { id: environmentId }: Environment,
  deployment: DeploymentDetail,
  place: PlainNamespace,
): Promise<{ outputs: Record<string, ResourceOutputs>; left: LeftBehind[] }> {
  const { project, environment, service, workload } = deployment;
  const outputs: Record<string, ResourceOutputs> = { ...deployment.outputs };
  const left: LeftBehind[] = [];
  const there = { ...ports, workloads: { ...ports.workloads, ...place.workloads } };
  for (const name of provisionOrder(workload)) {
    const declared = workload.resources?.[name];
    const pinned = outputs[name];
    if (!declared || !pinned) continue;
    const { uid, id, type, class: className } = resourceIdentity(workload.metadata.name, name, declared);
    const known = findResourceType(type);
    const stays = (what: string, todo: string) => left.push({ kind: 'resource', of: uid, what, todo });
    if (known?.leaving === 'written') continue;
    if (known?.leaving !== 'anew') {
      const todo =
        known?.leaving?.todo ??
        'Put something of your own in its place, and write its outputs into the manifests.';
      stays(`${type} "${name}" of ${service} stays here${plainOutputs(pinned)}.`, todo);
      continue;
    }
    try {
      const params = expandParams(workload, name, outputs);
      const owner = {
        project,
        environment,
        environmentId,
        service,
        workload,
        operation: deployment.operation,
      };
      outputs[name] = await known.provision(there, { ...owner, uid, id, class: className, params });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      stays(error.message, error.hint);
      continue;
    }
    if (known.owned)
      stays(
        `The data of ${type} "${name}" stays here.`,
        'Copy its files into the volume that the manifests make, before the service starts.',
      );
  }
  return { outputs, left };
}

/** What is no secret stands in the manifests as it is now, and has to be found there. */
function plainOutputs({ values }: ResourceOutputs): string {
  const texts = Object.entries(values).map(([name, value]) => `${name} ${value}`);
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`;
}

const toText = (objects: readonly PlainObject[]): string =>
  objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');

function missingIn(
  file: string,
  objects: readonly PlainObject[],
  asked: ReadonlySet<string>,
): MissingSecret[] {
  return objects.flatMap(({ kind, metadata, stringData }) =>
    kind !== 'Secret'
      ? []
      : Object.entries((stringData ?? {}) as Record<string, string>).flatMap(([key, text]) => {
          const placeholders = [...asked].filter((placeholder) => text.includes(placeholder));
          const secret = String((metadata as PlainObject).name);
          return placeholders.length === 0 ? [] : [{ file, secret, key, placeholders }];
        }),
  );
}
