/** The credentials of a role, which may be of another account: its trust policy lets Berth take it on. */
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { EksCredentials } from './eks/eks-token.ts';
import { sdkOptions } from './sdk-options.ts';

export interface AssumedRoleOptions {
  /** ARN. */
  role: string;
  region: string;
  /** Those that Berth itself has. */
  credentials(): Promise<EksCredentials>;
  /** Of STS; the region's own unless told. */
  endpoint?: string;
}

/** What the session is called in the audit trail of the role's account. */
const SESSION = 'berth-place';

/** @returns a function that asks STS each time; clients of the SDK keep what it gives until it ends */
export const assumedRole = ({
  role,
  region,
  credentials,
  endpoint,
}: AssumedRoleOptions): (() => Promise<EksCredentials>) =>
  fromTemporaryCredentials({
    masterCredentials: credentials,
    params: { RoleArn: role, RoleSessionName: SESSION },
    clientConfig: sdkOptions({ region, ...(endpoint !== undefined && { endpoint }) }),
  });
