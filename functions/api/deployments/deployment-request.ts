/** What is to be deployed, which a body or a query says in one of three ways. */
import type { DeploymentRequest } from '../../commands/deployments/deployment-content.ts';

interface Ways {
  version?: string | undefined;
  fromEnvironment?: string | undefined;
  rollbackTo?: number | undefined;
}

export const ONE_OF = 'must have exactly one of "version", "fromEnvironment" and "rollbackTo"';

export const hasOne = (ways: Ways): boolean =>
  Object.values(ways).filter((value) => value !== undefined).length === 1;

export function toRequest({ version, fromEnvironment, rollbackTo }: Ways): DeploymentRequest {
  if (rollbackTo !== undefined) return { rollbackTo };
  if (fromEnvironment !== undefined) return { fromEnvironment };
  return { version: version ?? '' };
}
