/** Alerts that fire, and what people say of them. */
import { alertKey } from '../../core/keys.ts';
import type { Alert } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store } from '../../ports/store.ts';
import { type Caller, commit, mustGet, retryOnConflict } from '../../records/commit.ts';

export interface AlertRef {
  project: string;
  alert: string;
}

/** @throws Problem not_found */
export const getAlert = (store: Store, { project, alert }: AlertRef): Promise<Item<Alert>> =>
  mustGet<Alert>(
    store,
    alertKey(project, alert),
    `alert "${alert}"`,
    `List the alerts with GET /v1/projects/${project}/alerts; those that are over are kept for 30 days.`,
  );

/**
 * Says that somebody looks after it. Who was first stays.
 * @throws Problem not_found | conflict (it does not fire any more)
 */
export function acknowledgeAlert(
  ports: Ports,
  caller: Caller,
  ref: AlertRef,
  note: string | undefined,
): Promise<Item<Alert>> {
  return retryOnConflict(async () => {
    const item = await getAlert(ports.store, ref);
    const { data: before } = item;
    if (before.state === 'resolved')
      throw new Problem('conflict', `The alert "${ref.alert}" does not fire any more.`, {
        hint: 'There is nothing to acknowledge. GET .../alerts?state=firing lists those that fire.',
      });
    if (before.acknowledged) {
      await commit(ports, caller, { writes: [], events: [], result: item });
      return item;
    }
    const at = new Date(ports.effects.now()).toISOString();
    const acknowledged = { at, by: caller.person ?? caller.actor, ...(note !== undefined && { note }) };
    const result = { ...item, data: { ...before, acknowledged }, version: item.version + 1 };
    const { project, environment, service, rule, subject } = before;
    await commit(ports, caller, {
      writes: [
        { put: { ...alertKey(project, before.id), data: result.data }, if: { version: item.version } },
      ],
      events: [
        {
          project,
          environment,
          ...(service !== undefined && { service }),
          type: 'alert.acknowledged',
          data: { alert: before.id, rule, subject, ...(note !== undefined && { note }) },
        },
      ],
      result,
    });
    return result;
  });
}
