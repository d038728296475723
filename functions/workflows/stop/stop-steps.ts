/** Steps of the workflow `stop`. The service counts as stopped from when that was accepted. */
import { environmentUse } from '../../commands/environments/environments.ts';
import { type InstanceRef, isFor, type Operation, type Standing } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Write } from '../../ports/store.ts';
import { instanceIn, withStanding } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { putBack } from '../deploy/put-back.ts';
import { deploymentEndWrites, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import type { Step } from '../step.ts';

type StopStep = Step<Operation<'stop'>>;

export const stopService: StopStep = {
  role: 'work',
  async run({ ports, operation }) {
    await ports.workloads.scale(operation, 0, operation.number);
  },
};

export const finishStop: StopStep = {
  role: 'finish',
  async run({ ports, operation }) {
    const { number } = operation;
    const ending = { status: 'succeeded' as const, result: { number } };
    await endOperation(ports, operation, {
      ending,
      event: { type: 'instance.stopped', data: { number } },
      writes: async () => [
        ...(await standingWrites(ports, operation, { current: number })),
        ...(await deploymentEndWrites(ports, operation, number, ending)),
      ],
    });
  },
};

export const recoverStop: StopStep = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const { number } = operation;
    const ending = endingOf(errorOf(context));
    const isOvertaken = ending.status === 'superseded';
    // First the record, so that what is put back runs, and is not put back as stopped.
    if (!isOvertaken) {
      const writes = await standingWrites(ports, operation, { state: undefined });
      if (writes.length > 0) await ports.store.transact(writes);
      await untilOverdue(ports, operation, () => putBack(ports, operation, number));
    }
    await endOperation(ports, operation, {
      ending,
      event: {
        type: `deployment.${ending.status}`,
        data: { number, code: ending.error.code, cause: ending.error.cause },
      },
      writes: () => deploymentEndWrites(ports, operation, number, ending),
    });
  },
};

/** The write of a standing, if nothing newer has changed it. */
export async function standingWrites(
  ports: Ports,
  ref: InstanceRef & { number: number; environmentId?: string },
  change: { [Field in keyof Standing]?: Standing[Field] | undefined },
): Promise<Write[]> {
  const item = await getEnvironment(ports.store, ref);
  if (!isFor(ref, item.data) || instanceIn(item.data, ref.service)?.newest !== ref.number) return [];
  return [environmentUse(item, withStanding(item.data, ref, change))];
}
