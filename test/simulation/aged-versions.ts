/** Versions of two months ago, which the sweep is about to look through. */
import { versionsLook } from '../../functions/commands/versions/version-use.ts';
import { versionId } from '../../functions/commands/versions/versions.ts';
import { versionIdKey, versionKey, versionTagKey } from '../../functions/core/keys.ts';
import type { Version } from '../../functions/core/model/index.ts';
import type { Store, Write } from '../../functions/ports/store.ts';
import type { SimulatedRegistry } from './ports/registry.ts';
import { digestNamed, OLD_VERSIONS, PROJECTS, workloadOf } from './setting.ts';
import type { World } from './world.ts';

const AGE_MS = 60 * 24 * 3_600_000;
/** Some time while the clients are at work. */
const LOOK_MS = 20 * 60_000;

export async function agedVersions(
  { effects, random }: World,
  store: Store,
  registry: Pick<SimulatedRegistry, 'hold'>,
): Promise<void> {
  const now = effects.now();
  const at = new Date(now - AGE_MS).toISOString();
  for (const { name: project, services } of PROJECTS)
    for (const service of services) {
      const ref = { project, service };
      const writes = OLD_VERSIONS.flatMap((name, index): Write[] => {
        const workload = workloadOf(service, name);
        const digest = digestNamed(name);
        const id = versionId(digest, workload);
        registry.hold(ref, digest);
        // Before all that the effects of this world would give.
        const order = `0${String(index).padStart(25, '0')}`;
        const data: Version = {
          ...ref,
          id,
          digest,
          tags: [name],
          source: { kind: 'image', reference: digest },
          createdAt: at,
          createdBy: 'user:ada',
          // Some are of an older Berth.
          ...(index % 3 > 0 && { usedAt: at }),
        };
        return [
          { put: { ...versionKey(ref, order), data } },
          { put: { ...versionIdKey(ref, id), data: { order, workload } } },
          { put: { ...versionTagKey(ref, name), data: { ids: [id] } } },
        ];
      });
      await store.transact([...writes, versionsLook(ref, now + random.below(LOOK_MS))]);
    }
}
