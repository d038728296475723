/** What happened, in words. */
import type { Event } from '../api/types.generated.ts';

type Data = Record<string, unknown>;
const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '?';

const words: Record<string, (event: Event, data: Data) => string> = {
  'project.created': () => 'Project created',
  'project.changed': () => 'Project changed',
  'service.created': ({ service }) => `Service ${service} created`,
  'service.changed': ({ service }) => `Service ${service} changed`,
  'service.deleted': ({ service }) => `Service ${service} deleted`,
  'version.created': ({ service }, { version }) => `Version ${text(version)} of ${service} registered`,
  'version.tagged': ({ service }, { version }) => `Version ${text(version)} of ${service} tagged`,
  'build.created': ({ service }) => `Build of ${service} started`,
  'build.succeeded': ({ service }, { version }) => `Build of ${service} made version ${text(version)}`,
  'build.failed': ({ service }) => `Build of ${service} failed`,
  'build.canceled': ({ service }) => `Build of ${service} canceled`,
  'environment.created': ({ environment }) => `Environment ${environment} created`,
  'environment.changed': ({ environment }) => `Environment ${environment} changed`,
  'environment.extended': ({ environment }) => `Environment ${environment} extended`,
  'environment.ready': ({ environment }) => `Environment ${environment} is ready`,
  'environment.hibernating': ({ environment }, { reason }) =>
    `Environment ${environment} goes to sleep${reason === 'idle' ? ': it was idle' : ''}`,
  'environment.hibernated': ({ environment }) => `Environment ${environment} sleeps`,
  'environment.waking': ({ environment }) => `Environment ${environment} wakes up`,
  'environment.destroying': ({ environment }, { reason }) =>
    `Environment ${environment} is being destroyed${reason === 'expired' ? ': its time was over' : ''}`,
  'environment.destroyed': ({ environment }) => `Environment ${environment} destroyed`,
  'environment.destroy-failed': ({ environment }) =>
    `Environment ${environment} could not be destroyed whole`,
  'deployment.created': ({ service, environment }, { number, kind, rollbackTo, fromEnvironment }) =>
    kind === 'rollback'
      ? `Rollback of ${service} in ${environment} to ${text(rollbackTo)} started, as deployment ${text(number)}`
      : `Deployment ${text(number)} of ${service} to ${environment} started${kind === 'promote' ? `, from ${text(fromEnvironment)}` : ''}`,
  'deployment.succeeded': ({ service, environment }, { number }) =>
    `Deployment ${text(number)} of ${service} serves in ${environment}`,
  'deployment.failed': ({ service, environment }, { number }) =>
    `Deployment ${text(number)} of ${service} to ${environment} failed`,
  'deployment.canceled': ({ service, environment }, { number }) =>
    `Deployment ${text(number)} of ${service} to ${environment} canceled`,
  'deployment.superseded': ({ service, environment }, { number }) =>
    `Deployment ${text(number)} of ${service} to ${environment} was overtaken`,
  'instance.crashed': ({ service, environment }, { number, count }) =>
    `Deployment ${text(number)} of ${service} crashed in ${environment}${Number(count) > 1 ? `, ${text(count)} times more` : ''}`,
  'resource.created': ({ environment }, { uid }) => `Resource ${text(uid)} of ${environment} made`,
  'resource.removed': ({ environment }, { uid }) => `Resource ${text(uid)} of ${environment} removed`,
  'resource.rotating': ({ environment }, { uid }) => `Rotation of ${text(uid)} in ${environment} started`,
  'resource.rotated': ({ environment }, { uid }) => `${text(uid)} in ${environment} has new credentials`,
  'resource.rotation-failed': ({ environment }, { uid }) =>
    `Rotation of ${text(uid)} in ${environment} failed: the old credentials are in force`,
  'secret.created': ({ environment }, { name }) => `Secret ${text(name)} put into ${environment}`,
  'secret.changed': ({ environment }, { name }) => `Secret ${text(name)} of ${environment} has a new version`,
  'secret.deleted': ({ environment }, { name }) => `Secret ${text(name)} of ${environment} deleted`,
  'secret.rotating': ({ environment }, { name }) => `Rotation of ${text(name)} in ${environment} started`,
  'secret.rotated': ({ environment }, { name }) =>
    `${text(name)} of ${environment} rotated, the old version revoked`,
  'secret.rotation-failed': ({ environment }, { name }) =>
    `Rotation of ${text(name)} in ${environment} failed: the old version is in force`,
  'secret.revoked': ({ environment }, { name }) => `A version of ${text(name)} of ${environment} revoked`,
  'secret.revealed': ({ environment }, { name }) =>
    `The value of ${text(name)} of ${environment} was looked at`,
  'policy.created': (_event, { policy }) => `Policy ${text(policy)} added`,
  'policy.changed': (_event, { policy }) => `Policy ${text(policy)} changed`,
  'policy.deleted': (_event, { policy }) => `Policy ${text(policy)} deleted`,
  'deployment.refused': ({ service, environment }) =>
    `A deployment of ${service} to ${environment} was refused by a policy`,
  'access.refused': (_event, { action }) => `An attempt was refused: ${text(action)}`,
  'operation.cancel-requested': () => 'Asked to stop',
};

/** @example eventWords(event) // "Deployment 3 of guestbook to dev failed" */
export function eventWords(event: Event): string {
  const known = Object.hasOwn(words, event.type) ? words[event.type] : undefined;
  if (known) return known(event, event.data ?? {});
  const [noun = '', verb = ''] = event.type.split('.');
  const where = [event.service, event.environment].filter(Boolean).join(' in ');
  const what = `${noun} ${verb}`.replaceAll('-', ' ');
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}${where && `: ${where}`}`;
}

/** How it looks: what went wrong is seen among a hundred others. */
export function eventTone({ type }: Event): 'good' | 'bad' | 'neutral' {
  if (/\.(?:failed|crashed|destroy-failed)$/.test(type)) return 'bad';
  return /\.(?:succeeded|ready)$/.test(type) ? 'good' : 'neutral';
}
