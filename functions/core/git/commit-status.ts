/** What a commit's status says of a delivery. */
import { type Delivery, type DeliveryState, hasEnded } from '../model/index.ts';
import type { CommitState, CommitStatus } from './git-provider.ts';

const states: Readonly<Record<DeliveryState, CommitState>> = {
  waiting: 'pending',
  building: 'pending',
  deploying: 'pending',
  destroying: 'pending',
  succeeded: 'success',
  failed: 'failure',
  held: 'failure',
  skipped: 'skipped',
  superseded: 'superseded',
};

/** Undefined for what is no commit's affair: no rule is for its branch, or a pull request is closed. */
export function statusOf(delivery: Delivery, url: string | undefined): CommitStatus | undefined {
  const { project, service, environment, commit, state, pullRequest, reason, error } = delivery;
  if (commit === undefined || environment === undefined) return undefined;
  const isClosing = pullRequest !== undefined && delivery.build === undefined && state === 'succeeded';
  if (state === 'destroying' || isClosing) return undefined;
  const where = pullRequest === undefined ? environment : 'preview';
  const words: Readonly<Record<CommitState, string>> = {
    pending: `Is deployed to ${environment}`,
    success: `Runs in ${environment}`,
    failure: `Not deployed: ${error?.cause ?? reason ?? 'see Berth'}`,
    skipped: `Nothing to deploy: ${reason ?? 'see Berth'}`,
    superseded: `Not deployed: ${reason ?? 'another commit is newer'}`,
  };
  const status = states[state];
  return {
    commit,
    state: status,
    context: `berth/${project}/${service}/${where}`,
    description: words[status],
    ...(url !== undefined && hasEnded(delivery) && status === 'success' && { url }),
  };
}
