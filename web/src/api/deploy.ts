/** Deploying, promoting and rolling back are one request. */

import type { Deployment } from '../../../client/types.generated.ts';
import { navigate } from '../app/navigation.ts';
import { notifyError } from '../app/notifications.tsx';
import { operationPath, type Place } from '../app/paths.ts';
import { api, body } from './client.ts';
import { invalidate } from './query.ts';
import type { DeploymentChoice } from './read.ts';

/** Whether a deployment is of a version that somebody chose; the others are repeated by what they are called. */
export const bringsVersion = ({ kind }: Pick<Deployment, 'kind'>): boolean =>
  kind === 'deploy' || kind === 'promote' || kind === 'rollback';

/** Starts it and goes where one can watch it; what was refused is told. */
export async function deploy(place: Place, choice: DeploymentChoice): Promise<void> {
  try {
    const operation = await body(
      api.POST('/v1/projects/{project}/environments/{environment}/services/{service}/deployments', {
        params: { path: { ...place } },
        body: choice,
      }),
    );
    navigate(operationPath(place.project, operation.id));
  } catch (error) {
    notifyError(error, choice.rollbackTo === undefined ? 'It was not deployed' : 'It was not rolled back');
  } finally {
    invalidate();
  }
}
