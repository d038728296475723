/** The environment that an alert is in, for what may be done there. */
import type { Environment } from '../../../../client/types.generated.ts';

export interface Where {
  name: string;
  protection?: unknown;
}

/** One that is gone has no protection any more. */
export const whereOf = (environments: readonly Environment[] | undefined, name: string): Where =>
  environments?.find((environment) => environment.name === name) ?? { name };
