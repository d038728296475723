/** Who may do what. The one place where that is decided; whatever no rule allows is denied. */
import type { Principal } from './model.ts';

/** `noun.verb`. */
export type Action =
  | 'api.describe'
  | 'me.read'
  | 'project.create'
  | 'project.list'
  | 'project.read'
  | 'project.update'
  | 'project.delete'
  | 'service.create'
  | 'service.read'
  | 'service.update'
  | 'service.delete'
  | 'version.create'
  | 'version.read'
  | 'build.create'
  | 'environment.create'
  | 'environment.read'
  | 'environment.update'
  | 'environment.delete'
  | 'secret.read'
  | 'secret.write'
  | 'secret.delete'
  | 'deployment.create'
  | 'deployment.read'
  | 'deployment.cancel'
  | 'instance.read'
  | 'log.read'
  | 'metric.read'
  | 'event.read'
  | 'operation.read'
  | 'operation.cancel';

/** `project`: for those whom the project lets in. `platform`: for the platform team. `public`: for everyone. */
export type Scope = 'project' | 'platform' | 'public';

export interface Policy {
  action: Action;
  scope: Scope;
}

/** What everyone may do who is somebody. */
const personal: ReadonlySet<Action> = new Set(['me.read']);

/** Whether a principal may do what a policy stands for; undefined is someone who did not say who they are. */
export function isAllowed(principal: Principal | undefined, policy: Policy): boolean {
  if (policy.scope === 'public') return true;
  if (!principal) return false;
  return principal.administrator || personal.has(policy.action);
}
