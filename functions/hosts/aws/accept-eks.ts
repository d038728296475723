/** Which places functions of AWS can work with. */
import type { Place } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { clusterOf, wrongKind } from '../place-access.ts';
import type { AwsConfig } from './aws-config.ts';

/** The functions may take on roles of this name, in any account that lets them. */
export const placeRole = (installation: string): string => `${installation}-place`;

export const acceptEks =
  ({ name }: Pick<AwsConfig, 'name'>) =>
  (place: Place): void => {
    const { access } = clusterOf(place);
    if (access.kind !== 'eks')
      throw wrongKind(access.kind, '"eks": an EKS cluster, by its name, region and role');
    const [, role = ''] = /:role\/(?:.*\/)?([^/]+)$/.exec(access.role) ?? [];
    if (role === placeRole(name) || role.startsWith(`${placeRole(name)}-`)) return;
    throw new Problem('invalid_request', `Berth may not take on a role with the name "${role}".`, {
      hint: `Call the role ${placeRole(name)}, or let its name begin with ${placeRole(name)}-.`,
    });
  };
