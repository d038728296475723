/** Deployments: put a version into an environment, promote it from another one, or go back to an earlier one. */
import type { InstanceRef } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Caller } from '../../records/commit.ts';
import { RUNS_IN } from '../environments/environments.ts';
import { enforcePolicies } from '../guardrails/policies.ts';
import { type AcceptedDeployment, acceptDeployment } from './accept-deployment.ts';
import { contentOf, type DeploymentRequest, sameAgain, scaleOf } from './deployment-content.ts';

/**
 * Accepts a deployment. It gets the next number, and with it the fence (I5), and an earlier deployment that is still
 * going on ends as superseded. Where the environment asks for approval, the deployment waits for that first and holds
 * no fence.
 * @throws Problem not_found | environment_not_ready | ambiguous_version | conflict | policy_violation
 */
export async function createDeployment(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  request: DeploymentRequest,
): Promise<AcceptedDeployment> {
  return acceptDeployment(ports, caller, ref, RUNS_IN, async (instance) => {
    const { refused, ...content } = await contentOf(ports, ref, request);
    if (refused?.[0]) throw refused[0];
    const scaled = { ...content, ...scaleOf(instance) };
    await enforcePolicies(ports, caller, ref, scaled);
    return scaled;
  });
}

/**
 * Deploys what serves once more, with the credentials as they are now. Such a deployment changes nothing that
 * somebody would have to approve or that a policy is about.
 * @param rotation the operation that asks for it
 * @throws Problem not_found | environment_not_ready
 */
export async function createRedeployment(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  rotation: string,
): Promise<AcceptedDeployment> {
  return acceptDeployment(ports, caller, ref, ['ready'], async (instance) => ({
    ...(await sameAgain(ports, ref, instance?.current ?? 0, 'redeploy')),
    ...scaleOf(instance),
    rotation,
  }));
}
