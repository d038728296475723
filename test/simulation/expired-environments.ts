/** Environments that expired three days ago, and are about to be destroyed for it. */
import { environmentWrite } from '../../functions/commands/environments/environments.ts';
import type { Store } from '../../functions/ports/store.ts';
import { getEnvironment } from '../../functions/records/read.ts';
import { EXPIRED, PROJECTS } from './setting.ts';
import type { World } from './world.ts';

const AGE_MS = 3 * 24 * 3_600_000;
/** Some time while the clients are at work. */
const LEFT_MS = 20 * 60_000;

export async function expiredEnvironments({ effects, random }: World, store: Store): Promise<void> {
  const now = effects.now();
  for (const { name: project } of PROJECTS) {
    const { data, version } = await getEnvironment(store, { project, environment: EXPIRED });
    const expiresAt = new Date(now - AGE_MS).toISOString();
    const destroyAt = new Date(now + random.below(LEFT_MS)).toISOString();
    await store.transact([environmentWrite({ ...data, expiresAt, destroyAt }, { version })]);
  }
}
