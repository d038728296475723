/** Backs databases up, restores them, undoes that, imports others, and deletes backups. */
import { pause } from '../world.ts';
import { type Action, type Actor, choose, list, newValue } from './action.ts';

interface Listed {
  id: string;
  state: string;
}

const databaseOf = (actor: Actor) => {
  const { at, service } = choose(actor);
  return `${at}/resources/postgres.default:${service}.db`;
};

/** One that can be restored, soon after it was asked for. */
async function checkedOf(actor: Actor, at: string): Promise<string | undefined> {
  for (let look = 0; look < 3; look++) {
    const found = (await list<Listed>(actor, `${at}/backups`)).filter(({ state }) => state === 'checked');
    if (found.length > 0) return actor.world.random.pick(found).id;
    if (look === 0) await backUp(actor, at);
    await pause(3_000);
  }
  return undefined;
}

const backUp = (actor: Actor, at: string) => actor.client.ask('POST', `${at}/backups`);

/** Does something with a backup; makes one where there is none. */
const withBackup =
  (work: (actor: Actor, at: string, backup: string) => Promise<unknown>) =>
  async (actor: Actor): Promise<unknown> => {
    const at = databaseOf(actor);
    const found = (await list<Listed>(actor, `${at}/backups`)).filter(({ state }) => state !== 'failed');
    if (found.length === 0) return backUp(actor, at);
    return work(actor, at, actor.world.random.pick(found).id);
  };

export const backingUp: Action[] = [
  [2, (actor) => backUp(actor, databaseOf(actor))],
  [
    6,
    async (actor) => {
      const at = databaseOf(actor);
      const backup = await checkedOf(actor, at);
      return actor.client.ask('POST', `${at}/restore`, backup === undefined ? {} : { backup });
    },
  ],
  [1, (actor) => actor.client.ask('POST', `${databaseOf(actor)}/restore`, {})],
  [
    2,
    (actor) =>
      actor.client.ask('POST', `${databaseOf(actor)}/import`, {
        url: `postgres://shop:${newValue(actor)}@db.example.com/shop`,
      }),
  ],
  [1, withBackup((actor, at, backup) => actor.client.ask('DELETE', `${at}/backups/${backup}`))],
  [1, withBackup((actor, at, backup) => actor.client.ask('GET', `${at}/backups/${backup}`))],
];
