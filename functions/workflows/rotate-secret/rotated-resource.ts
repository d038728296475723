/** Rotation of a resource's credentials, by the means of its type. */
import { resourceKey } from '../../core/keys.ts';
import type { Resource, ResourceOutputs } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { getEnvironment } from '../../records/read.ts';
import { resourceType } from '../../resources/index.ts';
import { resourceRequest } from '../../resources/owner.ts';
import { environmentOf } from '../environment-state.ts';
import { checkOwner } from '../owned-resources.ts';
import { changeHeld } from './change-held.ts';
import type { Credentials, Rotated, RotationOperation } from './rotated.ts';

const credentials = ({ secrets }: ResourceOutputs): Credentials =>
  new Map(Object.values(secrets).map(({ secret, version }) => [secret, version]));

/** Whether two outputs are the same credentials, though perhaps reached at another address. */
const isSame = (a: ResourceOutputs, b: ResourceOutputs): boolean =>
  Object.values(a.secrets).some((one) =>
    Object.values(b.secrets).some(({ secret, version }) => secret === one.secret && version === one.version),
  );

/**
 * The credentials that the rotation is between. A deployment may have taken new ones, and put them into the outputs,
 * before the rotation could write down that they are made.
 */
function between({ outputs, rotation }: Resource): { previous: ResourceOutputs; next?: ResourceOutputs } {
  const { previous = outputs, next } = rotation ?? {};
  if (!isSame(outputs, previous)) return { previous, next: outputs };
  return { previous: outputs, ...(next && { next }) };
}

export function rotatedResource(ports: Ports, operation: RotationOperation, uid: string): Rotated {
  const ref = environmentOf(operation);
  const key = resourceKey(ref, uid);
  const read = async () => {
    const item = await ports.store.get<Resource>(key);
    return item?.data.rotation?.operation === operation.id ? item : undefined;
  };
  /** Changes outputs and what is kept of the rotation, unless the rotation goes back. */
  const change = (with_: (now: ReturnType<typeof between>, record: Resource) => Partial<Resource>) =>
    changeHeld(ports, read, (record) => ({ ...record, ...with_(between(record), record) }));
  async function subject() {
    const item = await read();
    const rotation = item && resourceType(item.data.type).rotation;
    if (!item || !rotation) return undefined;
    const { data: environment } = await getEnvironment(ports.store, ref);
    return { ...between(item.data), rotation, request: resourceRequest(item.data, environment.id) };
  }
  return {
    async held() {
      const item = await read();
      if (!item) return undefined;
      const { previous, next } = between(item.data);
      const decision = item.data.rotation?.decision;
      return {
        ...(decision && { decision }),
        previous: credentials(previous),
        ...(next && { next: credentials(next) }),
      };
    },
    async prepare() {
      // What was in use is written down first: what deployments put into the outputs meanwhile may be newer.
      await change(({ previous }, { rotation }) => ({
        rotation: { operation: operation.id, ...rotation, previous },
      }));
      const now = await subject();
      if (!now || now.next) return;
      const { request, previous: used } = now;
      const stillOwned = () => checkOwner(ports.store, request);
      const next = await now.rotation.rotate(ports, request, used, stillOwned);
      await change(({ previous }, { rotation }) => ({
        rotation: { operation: operation.id, ...rotation, previous, next },
      }));
    },
    switch: () =>
      change(({ previous, next }, { rotation }) =>
        next && !rotation?.decision
          ? { outputs: next, rotation: { operation: operation.id, previous, next } }
          : {},
      ),
    async decisionWrite(decision) {
      const item = await read();
      if (!item || item.data.rotation?.decision) return undefined;
      const { previous, next } = between(item.data);
      if (decision === 'retire' && isSame(item.data.outputs, previous)) return undefined;
      const rotation = { operation: operation.id, previous, ...(next && { next }), decision };
      return { put: { ...key, data: { ...item.data, rotation } }, if: { version: item.version } };
    },
    async isRetired() {
      const item = await read();
      const { previous, next } = item ? between(item.data) : {};
      if (!previous || !next) return false;
      const found = [...credentials(previous)].map(([secret, version]) => ports.secrets.get(secret, version));
      return (await Promise.all(found)).includes(undefined);
    },
    async retire() {
      const now = await subject();
      if (now?.next) await now.rotation.retire(ports, now.request, now.previous, now.next);
    },
    async restore() {
      const now = await subject();
      if (!now) return;
      await now.rotation.restore(ports, now.request, now.previous);
      await change(({ previous, next }) => ({
        outputs: previous,
        rotation: { operation: operation.id, previous, ...(next && { next }), decision: 'restore' },
      }));
    },
    async abandon() {
      const now = await subject();
      if (now?.next) await now.rotation.retire(ports, now.request, now.next, now.previous);
    },
    async release() {
      const item = await read();
      if (!item) return [];
      const { rotation: _ended, ...data } = item.data;
      return [{ put: { ...key, data }, if: { version: item.version } }];
    },
    result: { resource: uid },
    succeeded: { type: 'resource.rotated', data: { uid } },
    failed: ({ code, cause }) => ({ type: 'resource.rotation-failed', data: { uid, code, cause } }),
  };
}
