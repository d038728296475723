/** Secrets in memory. */

import { checkSecretPath, checkSecretValue } from '../../../functions/ports/rules/secret-checks.ts';
import type { Secrets } from '../../../functions/ports/secrets.ts';

interface Kept {
  current: string;
  versions: Map<string, string | undefined>;
}

export interface SimulatedSecrets extends Secrets {
  /** Whether some version that has not been revoked or removed has this value. */
  isGood(value: string): boolean;
  /** Every value that was ever put. */
  values(): string[];
}

export function createSimulatedSecrets(newId: () => string): SimulatedSecrets {
  const kept = new Map<string, Kept>();
  const values = new Set<string>();
  return {
    async put(path, value, options = {}) {
      checkSecretPath(path);
      checkSecretValue(value);
      const { versionId = newId() } = options;
      const secret = kept.get(path) ?? { current: versionId, versions: new Map() };
      kept.set(path, secret);
      if (secret.versions.has(versionId)) return versionId;
      secret.versions.set(versionId, value);
      values.add(value);
      secret.current = versionId;
      return versionId;
    },
    async get(path, version) {
      checkSecretPath(path);
      const secret = kept.get(path);
      return secret?.versions.get(version ?? secret.current);
    },
    async revoke(path, version) {
      checkSecretPath(path);
      const versions = kept.get(path)?.versions;
      if (versions?.has(version)) versions.set(version, undefined);
    },
    async remove(path) {
      checkSecretPath(path);
      kept.delete(path);
    },
    async list(asked) {
      const prefix = asked.replace(/\/$/, '');
      return [...kept.keys()]
        .filter((path) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`))
        .sort();
    },
    values: () => [...values],
    isGood: (value) => [...kept.values()].some(({ versions }) => [...versions.values()].includes(value)),
  };
}
