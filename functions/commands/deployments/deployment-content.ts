/** What a deployment brings: a version, what serves elsewhere, or what served before. */
import type {
  Deployment,
  DeploymentDetail,
  DeploymentKind,
  Instance,
  InstanceRef,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { withVariables } from '../../core/score/all-variables.ts';
import { revisionOf } from '../../core/source/revision.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import { instanceOf } from '../../records/instances.ts';
import { getDeployment, getEnvironment } from '../../records/read.ts';
import { getDeploymentDetail, workloadOf, workloadOfVersion } from '../../records/workloads.ts';
import { type MadeNow, madeNow } from '../recipes/made-now.ts';
import { takingNow } from '../variables/taken-variables.ts';
import { versionOf, versionUse } from '../versions/version-use.ts';
import { findVersion } from '../versions/versions.ts';
import { repinned } from './rollback-pins.ts';

export type DeploymentRequest =
  | { version: string }
  | { fromEnvironment: string }
  | { rollbackTo: number }
  /** What served in that environment when a promotion of it began. */
  | { version: string; fromEnvironment: string };

/** The part of a new deployment that is taken from its source: a version or an earlier deployment. */
export type Content = Pick<DeploymentDetail, 'kind' | 'version' | 'digest' | 'workload'> &
  Partial<
    Pick<
      Deployment,
      | 'revision'
      | 'outputs'
      | 'variables'
      | 'recipes'
      | 'replicas'
      | 'processes'
      | 'rollbackTo'
      | 'fromEnvironment'
      | 'rotation'
    >
  > & {
    /** Keeps the version from being deleted meanwhile; what runs once more is held by what runs. */
    use?: Write;
  };

/** Content that a plan tells of, and that may be none that is accepted. */
export type ProposedContent = Content & Pick<MadeNow, 'refused'>;

/** The scale that people set, which a deployment takes over. */
export const scaleOf = (instance: Instance | undefined): Pick<Content, 'replicas' | 'processes'> => ({
  ...(instance?.replicas !== undefined && { replicas: instance.replicas }),
  ...(instance?.processes && { processes: instance.processes }),
});

/** @throws Problem not_found | ambiguous_version | conflict (there is nothing to go back to) */
export async function contentOf(
  ports: Ports,
  ref: InstanceRef,
  request: DeploymentRequest,
): Promise<ProposedContent> {
  if ('rollbackTo' in request) return rollbackContent(ports, ref, request.rollbackTo);
  if (!('version' in request)) return promotionContent(ports, ref, request.fromEnvironment);
  if (!('fromEnvironment' in request)) return versionContent(ports, ref, request.version, 'deploy');
  const { version, fromEnvironment } = request;
  return { ...(await versionContent(ports, ref, version, 'promote')), fromEnvironment };
}

async function versionContent(
  ports: Ports,
  ref: InstanceRef,
  wanted: string,
  kind: DeploymentKind,
): Promise<ProposedContent> {
  const item = await findVersion(ports.store, ref, wanted);
  const { workload: ofVersion, ...data } = item.data;
  const { workload, recipes, refused } = await madeNow(ports, ofVersion);
  const revision = revisionOf(data, wanted);
  return {
    kind,
    use: versionUse({ ...item, data }, ports.effects.now()),
    version: data.id,
    digest: data.digest,
    ...(await takingNow(ports, ref, workload)),
    ...(recipes && { recipes }),
    ...(refused && { refused }),
    ...(revision && { revision }),
  };
}

async function promotionContent(
  ports: Ports,
  ref: InstanceRef,
  fromEnvironment: string,
): Promise<ProposedContent> {
  const source = { ...ref, environment: fromEnvironment };
  const { data: environment } = await getEnvironment(ports.store, source);
  const { current } = instanceOf(environment, ref.service);
  if (current === undefined) {
    throw new Problem(
      'not_found',
      `Service "${ref.service}" has no working deployment in environment "${fromEnvironment}".`,
      {
        hint: `Deploy it to "${fromEnvironment}" first, or name a version.`,
      },
    );
  }
  const content = await sameAgain(ports, source, current, 'promote', ref);
  return { ...content, fromEnvironment, use: await keeping(ports, ref, content.version) };
}

const keeping = async ({ store, effects }: Ports, ref: InstanceRef, version: string): Promise<Write> =>
  versionUse(await versionOf(store, ref, version), effects.now());

/**
 * The content of a rollback: everything that was pinned (digest, workload, resolved settings), and the pinned secret
 * versions as far as they are still good.
 */
async function rollbackContent(ports: Ports, ref: InstanceRef, number: number): Promise<Content> {
  const { data } = await getDeploymentDetail(ports.store, ref, number);
  if (data.status !== 'succeeded' || !data.outputs || data.kind === 'remove') {
    throw new Problem(
      'conflict',
      data.kind === 'remove'
        ? `Deployment ${number} removed the service, so there is nothing to go back to.`
        : `Deployment ${number} did not succeed (it is ${data.status}), so there is nothing to go back to.`,
      {
        hint: 'List the deployments and choose one whose status is "succeeded".',
      },
    );
  }
  const { version, digest, revision, recipes } = data;
  const use = await keeping(ports, ref, version);
  const pins = await repinned(ports, ref, data, data.outputs);
  const made = await workloadOf(ports.store, data);
  return {
    kind: 'rollback',
    use,
    version,
    digest,
    workload: withVariables(made, pins.variables ?? []),
    ...pins,
    ...(recipes && { recipes }),
    rollbackTo: number,
    ...(revision && { revision }),
  };
}

/**
 * The content of a deployment that runs once more what another one put there, with variables as they are now. Where nobody asked
 * for more, or somebody would have to approve it, a workload that takes all variables takes none that it did not have.
 * @param into where it runs, if not where that one did
 */
export async function sameAgain(
  ports: Ports,
  ref: InstanceRef,
  number: number,
  kind: DeploymentKind,
  into: InstanceRef = ref,
): Promise<ProposedContent> {
  const { data: deployment } = await getDeployment(ports.store, ref, number);
  const { version, digest, revision, variables } = deployment;
  // What a promotion brings is a version; what runs once more is as it was.
  const { workload, recipes, refused }: MadeNow =
    kind === 'promote'
      ? await madeNow(ports, await workloadOfVersion(ports.store, deployment))
      : {
          workload: await workloadOf(ports.store, deployment),
          ...(deployment.recipes && { recipes: deployment.recipes }),
        };
  // What ends a service starts nothing that could read them; going back to it brings what it had.
  const taking =
    kind === 'stop' || kind === 'remove'
      ? { workload, ...(variables && { variables }) }
      : await takingNow(ports, into, workload, (await mayGrow(ports, into, kind)) ? undefined : variables);
  return {
    kind,
    version,
    digest,
    ...taking,
    ...(recipes && { recipes }),
    ...(refused && { refused }),
    ...(revision && { revision }),
  };
}

/** Whether a deployment of this kind, of what runs already, brings names of variables that are new to it. */
async function mayGrow({ store }: Ports, ref: InstanceRef, kind: DeploymentKind): Promise<boolean> {
  if (kind === 'promote') return true;
  if (kind !== 'restart' && kind !== 'start') return false;
  return !(await getEnvironment(store, ref)).data.protection?.approval;
}
