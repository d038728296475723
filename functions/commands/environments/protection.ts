/** Protected environments: what maintainers tighten and only administrators loosen. */

import { isAtLeast, type Role } from '../../core/authorization/roles.ts';
import type { Environment, EnvironmentRef, Protection } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { withEnd } from '../../core/schedule/expiry-steps.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { type Caller, checkIfMatch, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { getEnvironment } from '../../records/read.ts';
import { environmentWrite, notReady } from './environments.ts';

/** Tells whether a change of the protection takes away a rule that held before. */
const loosens = (before: Protection | undefined, after: Protection | undefined): boolean =>
  (before !== undefined && after === undefined) ||
  (before?.approval === true && after?.approval !== true) ||
  (before !== undefined && before.shells !== true && after?.shells === true) ||
  (before?.approval === true &&
    before.rollbackWithoutApproval !== true &&
    after?.rollbackWithoutApproval === true);

/**
 * Protects an environment, which ends its time to live, or ends its protection.
 * @param role of the caller in the environment
 * @param protection null ends it
 * @throws Problem not_found | forbidden (only an administrator loosens) | environment_not_ready
 */
export function protectEnvironment(
  ports: Ports,
  caller: Caller,
  role: Role,
  ref: EnvironmentRef,
  protection: Protection | null,
  options: { ifMatch?: string } = {},
): Promise<Item<Environment>> {
  return changingEnvironment(ports.store, ref, async () => {
    const item = await getEnvironment(ports.store, ref);
    checkIfMatch(item, options.ifMatch);
    if (item.data.state === 'destroying') throw notReady(item.data, ['ready', 'hibernated']);
    const { protection: before, ...rest } = item.data;
    if (loosens(before, protection ?? undefined) && !isAtLeast(role, 'administrator')) {
      throw new Problem(
        'forbidden',
        `You may not loosen the protection of environment "${ref.environment}": that takes the role administrator, and yours is ${role}.`,
        { hint: 'Ask an administrator of the project.' },
      );
    }
    const lasting = protection && !before ? withEnd(rest, undefined, ports.effects.now()) : rest;
    const data: Environment = { ...lasting, ...(protection && { protection }) };
    const result = { ...item, data, version: item.version + 1 };
    await commit(ports, caller, {
      writes: [environmentWrite(data, { version: item.version })],
      events: [
        {
          ...ref,
          type: protection ? 'environment.protected' : 'environment.unprotected',
          data: { ...(protection && { protection }), ...(before && { before }) },
        },
      ],
      result,
    });
    return result;
  });
}
