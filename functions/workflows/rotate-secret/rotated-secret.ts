/** Rotation of a secret of an environment: both versions were stored when it was accepted. */
import { secretKey, secretPath } from '../../core/keys.ts';
import type { SecretRecord } from '../../core/model/index.ts';
import { withCurrent, withRestored, withRevoked } from '../../core/secrets/secret-stages.ts';
import type { Ports } from '../../ports/index.ts';
import { environmentOf } from '../environment-state.ts';
import { changeHeld } from './change-held.ts';
import type { Rotated, RotationOperation } from './rotated.ts';

export function rotatedSecret(
  ports: Ports,
  operation: RotationOperation,
  { name, version, previous }: { name: string; version: string; previous: string },
): Rotated {
  const ref = environmentOf(operation);
  const key = secretKey(ref, name);
  const path = secretPath(ref, name);
  const read = async () => {
    const item = await ports.store.get<SecretRecord>(key);
    return item?.data.rotation === operation.id ? item : undefined;
  };
  const change = (with_: (data: SecretRecord) => SecretRecord) => changeHeld(ports, read, with_);
  const data = { name, version, previous };
  return {
    async held() {
      const item = await read();
      if (!item) return undefined;
      const { rotationDecision: decision } = item.data;
      return {
        ...(decision && { decision }),
        previous: new Map([[path, previous]]),
        next: new Map([[path, version]]),
      };
    },
    prepare: async () => undefined,
    switch: () =>
      change((record) =>
        record.rotationDecision || record.version === version
          ? record
          : {
              ...record,
              version,
              versions: withCurrent(record.versions, version),
              updatedAt: new Date(ports.effects.now()).toISOString(),
              updatedBy: operation.createdBy,
            },
      ),
    async decisionWrite(decision) {
      const item = await read();
      if (!item || item.data.rotationDecision) return undefined;
      if (decision === 'retire' && item.data.version !== version) return undefined;
      const changed: SecretRecord = { ...item.data, rotationDecision: decision };
      // The record says it before the value goes, so that no rollback pins a version that is about to be worthless.
      if (decision === 'retire' && previous !== version)
        changed.versions = withRevoked(changed.versions, previous);
      return { put: { ...key, data: changed }, if: { version: item.version } };
    },
    async isRetired() {
      const item = await read();
      const stage = item?.data.versions.find((one) => one.version === previous)?.stage;
      return stage !== 'revoked' && (await ports.secrets.get(path, previous)) === undefined;
    },
    async retire() {
      if (previous !== version) await ports.secrets.revoke(path, previous);
      // A secret that an earlier version of Berth retired is not yet said to be.
      if (previous !== version)
        await change((record) => ({
          ...record,
          version,
          versions: withRevoked(withCurrent(record.versions, version), previous),
        }));
    },
    restore: () =>
      change((record) => ({
        ...record,
        version: previous,
        versions: withRestored(record.versions, previous, version),
      })),
    abandon: async () => undefined,
    async release() {
      const item = await read();
      if (!item) return [];
      const { rotation: _ended, rotationDecision: _decided, ...released } = item.data;
      return [{ put: { ...key, data: released }, if: { version: item.version } }];
    },
    result: { secret: name, version },
    succeeded: { type: 'secret.rotated', data },
    failed: ({ code, cause }) => ({ type: 'secret.rotation-failed', data: { ...data, code, cause } }),
  };
}
