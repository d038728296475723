/** Opens a shell into a service that runs. Who did is on record, and for how long; what was typed is not. */
import type { Environment, Instance, InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, commit } from '../../records/commit.ts';
import { changingEnvironment } from '../../records/environment-changes.ts';
import { instanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { environmentUse, notReady } from '../environments/environments.ts';
import { processOf } from '../environments/process-of.ts';

export interface ShellWish {
  command: string[];
  tty: boolean;
  /** Beside which process; beside the web without it. */
  process?: string;
  /** Whether the caller may still open one: asked as long as it is open. */
  stillAllowed(): Promise<boolean>;
}

const SHOWN = 200;

/**
 * @returns the path of a WebSocket that can be opened once, and when it is too late to
 * @throws Problem not_supported | not_found (also where it has no such process) | environment_not_ready | conflict (it is
 * stopped, or the process has no replicas) | forbidden | too_many_requests
 */
export async function openShell(
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  { command, tty, process: asked, stillAllowed }: ShellWish,
): Promise<{ path: string; expiresAt: string }> {
  const { shells, workloads } = ports;
  const { exec } = workloads;
  if (!shells || !exec)
    throw new Problem(
      'not_supported',
      'A shell can not be opened here: it is a connection that stays, and nothing of this Berth can hold one where its workloads run.',
      { hint: 'Run a command instead, with POST .../runs; its output is streamed.' },
    );
  const { project, environment, service } = ref;
  const about = { project, environment, service };
  const door = await changingEnvironment(ports.store, ref, async () => {
    const item = await getEnvironment(ports.store, ref);
    const instance = running(item.data, ref);
    const process = await processOf(ports.store, instance, asked);
    if (process !== undefined) requireReplicas(instance, process);
    const beside = process !== undefined && { process };
    const opened = shells.open({
      person: caller.person ?? caller.actor,
      async stillAllowed() {
        running((await getEnvironment(ports.store, ref)).data, ref);
        return stillAllowed();
      },
      start: () => exec(ref, { command, tty, ...beside }),
      ended({ seconds, bytesIn, bytesOut, exitCode }) {
        const data = { seconds, bytesIn, bytesOut, ...(exitCode !== undefined && { exitCode }) };
        const { actor, person } = caller;
        const author = { actor, ...(person !== undefined && { person }) };
        commit(ports, author, {
          writes: [],
          events: [{ ...about, type: 'shell.closed', data }],
        }).catch(() => undefined);
      },
    });
    const lastActivityAt = new Date(ports.effects.now()).toISOString();
    await commit(ports, caller, {
      writes: [environmentUse(item, { ...item.data, lastActivityAt })],
      events: [
        { ...about, type: 'shell.opened', data: { command: command.join(' ').slice(0, SHOWN), ...beside } },
      ],
    });
    return opened;
  });
  return door;
}

/** @throws Problem conflict */
function requireReplicas({ service, environment, processes }: Instance, process: string): void {
  if (processes?.[process]?.replicas !== 0) return;
  throw new Problem(
    'conflict',
    `Process ${process} of service "${service}" has no replicas in environment "${environment}".`,
    {
      hint: 'Scale it with PUT …/scale, or run a command with POST …/runs, which needs nothing that runs.',
    },
  );
}

/** The service, which runs and may be looked into. @throws Problem not_found | environment_not_ready | conflict | forbidden */
function running(environment: Environment, ref: InstanceRef): Instance {
  if (environment.state !== 'ready') throw notReady(environment, ['ready']);
  const instance = instanceOf(environment, ref.service);
  if (environment.protection && !environment.protection.shells)
    throw new Problem(
      'forbidden',
      `Shells are off in environment "${ref.environment}", for it is protected.`,
      { hint: 'An administrator allows them with PUT .../protection and {"approval": …, "shells": true}.' },
    );
  if (instance.current !== undefined && instance.state === undefined) return instance;
  throw new Problem(
    'conflict',
    `Service "${ref.service}" does not run in environment "${ref.environment}".`,
    {
      hint: 'Deploy or start it, or run a command with POST .../runs, which needs nothing that runs.',
    },
  );
}
