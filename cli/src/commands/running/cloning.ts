/** `env clone`: an environment that begins as another one. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Origin } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { exitCodes, Failure } from '../../failure.ts';
import { finish, type WaitOption } from '../../follow.ts';
import { inCommands } from '../../hints.ts';
import { note, plain, sayJson } from '../../output.ts';
import { openSession } from '../../session.ts';

const ENVIRONMENT = '/v1/projects/{project}/environments/{environment}';
const LOOK_MS = 1_000;

interface CloneOptions extends WaitOption {
  ephemeral?: boolean;
  ttl?: string;
  idleAfter?: string;
  withData?: boolean;
  /** Undefined: they come along, but for those of a protected environment. */
  secrets?: boolean;
}

export function addCloning(env: Command): void {
  env
    .command('clone')
    .argument('<from>', 'the environment that it begins as')
    .argument('<name>', 'of the new one')
    .description('Create one that begins as another: its variables, secrets, and what serves there')
    .option('--with-data', 'its databases begin with the data of the other, masked as the project says')
    .option('--secrets', 'secrets come along also where the other is protected, for those who may see them')
    .option('--no-secrets', 'secrets stay where they are; by default they do where the other is protected')
    .option('--ephemeral', 'it hibernates after an hour and expires after 7 days, unless told otherwise')
    .option('--ttl <time>', 'it expires this long from now: 2d')
    .option('--idle-after <time>', 'hibernate it after this long without a request: 30m')
    .option('--no-wait', 'start it and come back at once')
    .action(async (from: string, name: string, options: CloneOptions, command: Command) => {
      const session = openSession(command);
      const { ephemeral, ttl, idleAfter, secrets, withData } = options;
      const project = session.project();
      const started = await body(
        session.api.POST(`${ENVIRONMENT}/clone`, {
          params: { path: { project, environment: from } },
          body: {
            name,
            ...(secrets !== undefined && { secrets }),
            ...(withData && { withData }),
            ...(ephemeral && { kind: 'ephemeral' as const }),
            ...(ttl !== undefined && { ttl }),
            ...(idleAfter !== undefined && { idleAfter }),
          },
        }),
      );
      if (options.wait === false) {
        await finish(session, started, options);
        return;
      }
      await finish({ ...session, json: false }, started, options);
      const path = { project, environment: name };
      const told = new Set<string>();
      let origin: Origin;
      for (;;) {
        origin = await body(session.api.GET(`${ENVIRONMENT}/origin`, { params: { path } }));
        for (const line of linesOf(origin)) {
          if (!told.has(line)) note(line);
          told.add(line);
        }
        if (origin.endedAt !== undefined) break;
        await wait(LOOK_MS);
      }
      if (session.json) sayJson(origin);
      if (!origin.error) return;
      throw new Failure(plain(origin.error.cause), plain(inCommands(origin.error.hint)), exitCodes.failed);
    });
}

const SIGNS = { waiting: '', deploying: '…', succeeded: '✓', failed: '✗' } as const;

const linesOf = ({ services }: Origin): string[] =>
  services
    .filter(({ state }) => state !== 'waiting')
    .map(({ service, version, state }) => `  ${SIGNS[state]} ${plain(service)}, version ${plain(version)}`);
