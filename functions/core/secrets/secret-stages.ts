/** The versions of a secret and their stages. Pure: the caller decides when to write the record. */
import { limits } from '../limits.ts';
import type { SecretStage, SecretVersion } from '../model/index.ts';

/** The number of versions that a record lists. It forgets older ones, but the deployments that pinned them do not. */
export const VERSIONS_MAX = limits.secretVersions.value;

type Versions = readonly SecretVersion[];

const staged = (versions: Versions, version: string, stage: SecretStage): SecretVersion[] =>
  versions.map((one) => (one.version === version ? { ...one, stage } : one));

/** Puts a version before the others. The current one is listed however old it is. */
export const withVersion = (versions: Versions, added: SecretVersion): SecretVersion[] =>
  [added, ...versions.filter(({ version }) => version !== added.version)].filter(
    ({ stage }, at) => at < VERSIONS_MAX || stage === 'current',
  );

/** The new stages of the other versions when a version becomes the current one. */
const stageAfter: Record<SecretStage, SecretStage> = {
  pending: 'pending',
  current: 'previous',
  previous: 'retired',
  retired: 'retired',
  revoked: 'revoked',
};

/**
 * Makes a version the current one. The former current version becomes the previous one, and the former previous one
 * is retired.
 */
export function withCurrent(versions: Versions, version: string): SecretVersion[] {
  return versions.map((one) => ({
    ...one,
    stage: one.version === version ? 'current' : stageAfter[one.stage],
  }));
}

export const withRevoked = (versions: Versions, version: string): SecretVersion[] =>
  staged(versions, version, 'revoked');

/** Takes a switch back: the version that was current before becomes current again, or stays revoked. */
export const withRestored = (versions: Versions, version: string, replaced: string): SecretVersion[] =>
  staged(versions, replaced, 'retired').map((one) =>
    one.version === version && one.stage !== 'revoked' ? { ...one, stage: 'current' } : one,
  );
