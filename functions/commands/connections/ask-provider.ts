/** Asks a provider for the newest commits of the branches that have rules: a message that was lost is made up for. */
import { fullNameOf } from '../../core/git/git-provider.ts';
import { providers } from '../../core/git/providers.ts';
import { laneKey } from '../../core/keys.ts';
import type { Connection, Lane } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { StoreConflict } from '../../ports/store.ts';
import { advanceDelivery } from './advance.ts';
import { providerToken, refusedToken } from './app-access.ts';
import { receive } from './receive.ts';

/** @param signal ends it early; what was not asked then is asked the next time */
export async function askProvider(ports: Ports, connection: Connection, signal: AbortSignal): Promise<void> {
  const { repository, api, rules, token, app } = connection;
  if (!token && !app) return;
  const given = await providerToken(ports, connection);
  if ('fault' in given) return;
  const provider = providers[connection.provider];
  const place = { api, repository: fullNameOf(repository), token: given.token };
  const branches = new Set(rules.map(({ branch }) => branch).filter((branch) => !branch.includes('*')));
  for (const branch of branches) {
    const answer = await ports.receivers.ask(provider.headRequest(place, branch), signal);
    if ('fault' in answer) return;
    refusedToken(ports, connection, answer.status);
    if (answer.status !== 200) continue;
    const head = readHead(provider.readHead, answer.text);
    if (head !== undefined) await compare(ports, connection, `refs/heads/${branch}`, head);
  }
}

function readHead(read: (answer: unknown) => string, text: string): string | undefined {
  try {
    return read(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function compare(ports: Ports, connection: Connection, ref: string, after: string): Promise<void> {
  const { store, effects } = ports;
  const { id, repository } = connection;
  const at = effects.now();
  const key = laneKey(id, ref);
  const lane = (await store.get<Lane>(key))?.data;
  if (lane?.head?.commit === after) return;
  if (!lane) {
    // What was there when the service was connected is where it begins: it was not pushed since.
    const data: Lane = { head: { commit: after, number: 0, at }, overtaken: [] };
    await store.transact([{ put: { ...key, data }, if: 'absent' }]).catch((error: unknown) => {
      if (!(error instanceof StoreConflict)) throw error;
    });
    return;
  }
  const { delivery } = await receive(ports, connection, {
    delivery: `asked ${effects.id()}`,
    event: 'asked',
    facts: {
      kind: 'push',
      repository: fullNameOf(repository),
      ref,
      after,
      message: '',
      at,
      ...(lane.head && { before: lane.head.commit }),
    },
  });
  await advanceDelivery(ports, { connection: id, number: delivery.number });
}
