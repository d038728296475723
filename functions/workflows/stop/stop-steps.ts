/** Steps of the workflow `stop`. The service counts as stopped from when that was accepted. */
import { deploymentFence } from '../../commands/deployments/deployment-fence.ts';
import type { Operation } from '../../core/model/index.ts';
import { putBack } from '../deploy/put-back.ts';
import { deploymentEndWrites, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { changeStanding, putBackWrites, standingWrites } from '../standing-writes.ts';
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
      writes: async () => {
        const standing = await standingWrites(ports, operation, { current: number });
        // A newer one was accepted since the step began: it is that one which says what the service does.
        const fenced = standing.length === 0 ? await deploymentFence(ports, operation) : undefined;
        if (fenced) throw fenced;
        return [...standing, ...(await deploymentEndWrites(ports, operation, number, ending))];
      },
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
      await changeStanding(ports, operation, { state: undefined });
      await untilOverdue(ports, operation, () => putBack(ports, operation, number));
    }
    await endOperation(ports, operation, {
      ending,
      event: {
        type: `deployment.${ending.status}`,
        data: { number, code: ending.error.code, cause: ending.error.cause },
      },
      writes: async () => [
        ...(isOvertaken ? [] : await putBackWrites(ports, operation)),
        ...(await deploymentEndWrites(ports, operation, number, ending)),
      ],
    });
  },
};
