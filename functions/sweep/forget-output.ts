/** What goes when the output of an environment that was destroyed is kept no longer. */
import { destroyedPartition, environmentKey, maskPrefix } from '../core/keys.ts';
import type { DestroyedEnvironment } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import { readAll } from '../records/read-all.ts';

/** Removes what hid its secrets, unless a later environment of its name has output still. */
export async function forgetMasks(
  { store, secrets }: Pick<Ports, 'store' | 'secrets'>,
  { project, name, id }: DestroyedEnvironment,
): Promise<void> {
  const ref = { project, environment: name };
  if (await store.get(environmentKey(ref))) return;
  const others = await readAll<DestroyedEnvironment>(store, destroyedPartition(project));
  if (others.some(({ data }) => data.name === name && data.id !== id)) return;
  for (const path of await secrets.list(maskPrefix(ref))) await secrets.remove(path);
}
