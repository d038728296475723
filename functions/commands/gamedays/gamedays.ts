/** The command that holds a game day. What it makes fail is part of its operation, with an end. */
import { environmentPartition, RESOURCE_PREFIX } from '../../core/keys.ts';
import {
  type Environment,
  type EnvironmentRef,
  type Fault,
  type GameDayPlan,
  isTerminal,
  type Operation,
  type Resource,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceOf, instancesOf } from '../../records/instances.ts';
import { getEnvironment, getOperation } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { findResourceType } from '../../resources/index.ts';
import { resourceRequest } from '../../resources/owner.ts';
import { environmentUse, notReady } from '../environments/environments.ts';
import { acceptWrites, newOperation, startOperation } from '../operations/operations.ts';

export interface GameDayRequest extends Omit<GameDayPlan, 'endsAt'> {
  durationSeconds: number;
}

const refused = (why: string, hint: string): Problem =>
  new Problem('invalid_gameday', `The game day can not be held here: ${why}.`, { hint });

/**
 * Makes an environment fail on purpose, for a time. What can not be made to fail there is refused before anything is.
 * @throws Problem not_found | environment_not_ready | operation_in_progress (another game day) | invalid_gameday
 */
export async function holdGameDay(
  ports: Ports,
  caller: Caller,
  ref: EnvironmentRef,
  { durationSeconds, faults, stopAtErrorPercent }: GameDayRequest,
): Promise<Operation<'game-day'>> {
  const { project, environment: name } = ref;
  const accepted = await changingEnvironment(ports.store, ref, async () => {
    const item = await getEnvironment(ports.store, ref);
    const environment = item.data;
    if (environment.state !== 'ready') throw notReady(environment, ['ready']);
    await refuseSecond(ports, environment);
    for (const fault of faults) await check(ports, environment, fault);
    const input: GameDayPlan = {
      faults,
      endsAt: new Date(ports.effects.now() + durationSeconds * 1000).toISOString(),
      ...(stopAtErrorPercent !== undefined && { stopAtErrorPercent }),
    };
    const operation = newOperation(ports, caller.actor, {
      kind: 'game-day',
      project,
      environment: name,
      environmentId: environment.id,
      generation: environment.generation,
      input,
    });
    await commit(ports, caller, {
      writes: [
        environmentUse(item, { ...environment, gameDay: operation.id }),
        ...acceptWrites(ports, operation),
      ],
      events: [
        {
          project,
          environment: name,
          operation: operation.id,
          type: 'gameday.started',
          data: { faults: faults.map(inWords), endsAt: input.endsAt },
        },
      ],
      result: operation,
    });
    return operation;
  });
  await startOperation(ports, accepted);
  return accepted;
}

const inWords = (fault: Fault): string =>
  'service' in fault && fault.service !== undefined ? `${fault.type} ${fault.service}` : fault.type;

async function refuseSecond(ports: Ports, { name, gameDay }: Environment): Promise<void> {
  if (gameDay === undefined) return;
  const before = await getOperation(ports.store, gameDay).catch(() => undefined);
  if (!before || isTerminal(before.data.status)) return;
  throw new Problem('operation_in_progress', `A game day is held in environment "${name}" already.`, {
    hint: `Wait until operation ${gameDay} has ended, or cancel it.`,
  });
}

/** @throws Problem not_found | invalid_gameday */
async function check(ports: Ports, environment: Environment, fault: Fault): Promise<void> {
  const serves = instancesOf(environment).filter(({ current, state }) => current !== undefined && !state);
  switch (fault.type) {
    case 'kill':
    case 'delay':
    case 'abort': {
      const { service } = fault;
      if (service === undefined ? serves.length === 0 : !isAmong(serves, instanceOf(environment, service)))
        throw refused(
          service === undefined ? 'no service runs in the environment' : `${service} does not run`,
          'Deploy or start a service first, or name another one.',
        );
      if (fault.type !== 'kill' && (!ports.workloads.disturb || environment.placement !== undefined))
        throw refused(
          `requests do not pass Berth where ${fault.service} runs, so that it can not ${fault.type} them`,
          'Leave that fault out; "kill" can be done everywhere.',
        );
      return;
    }
    case 'slow-database':
    case 'cut-database': {
      const databases = await disturbable(ports, environment);
      if (databases.length === 0)
        throw refused(
          'the environment has no database',
          'Leave that fault out, or deploy a service that has one.',
        );
      for (const { type, request } of databases) {
        const refusal = type.disturbance?.refusal(ports, request);
        if (refusal !== undefined)
          throw refused(
            `${request.uid} can not be disturbed, for ${refusal}`,
            'Leave that fault out; "kill" can be done everywhere.',
          );
      }
    }
  }
}

const isAmong = (serves: readonly { service: string }[], { service }: { service: string }): boolean =>
  serves.some((one) => one.service === service);

/** The resources of an environment that can be made to fail, with their types. */
export async function disturbable(ports: Ports, { project, name, id }: Environment) {
  const pk = environmentPartition({ project, environment: name });
  const resources = await readAll<Resource>(ports.store, pk, RESOURCE_PREFIX);
  return resources.flatMap(({ data }) => {
    const type = findResourceType(data.type);
    if (!type?.disturbance || data.state !== 'ready') return [];
    return [{ type, disturbance: type.disturbance, request: resourceRequest(data, id) }];
  });
}
