/** Which criteria of SOC 2 (the Trust Services Criteria of 2017) an event is evidence for. */
import type { EventType } from '../events/event-types.ts';

/** In the order in which a pack has them; the wording is ours, and short. */
export const criteria = {
  'CC6.1': 'Access is protected: sign-ins, tokens, secrets and their rotation, attempts that were refused',
  'CC6.2': 'Access is given to those who are let in',
  'CC6.3': 'Access is changed and ended',
  'CC6.6': 'The boundary to the outside: domains and certificates',
  'CC6.7': 'Data that leave: backups downloaded, data copied and masked, events sent elsewhere',
  'CC6.8': 'What may not run is kept out: policies, image scans, signatures, overrides',
  'CC7.2': 'What is not as it should be is seen: alerts, crashes, places out of reach',
  'CC7.3': 'What was seen is judged: alerts acknowledged and silenced',
  'CC7.4': 'What was seen is answered: alerts that ended, deployments that were taken back',
  'CC8.1': 'Changes are asked for, approved, built, deployed and recorded',
  'A1.1': 'Capacity: places, and how much runs where',
  'A1.2': 'Backups are made',
  'A1.3': 'Recovery is tried: backups restored on trial, restores, game days',
} as const;

export type Criterion = keyof typeof criteria;

type NounOf<Type extends string> = Type extends `${infer Noun}.${string}` ? Noun : never;

/** Of all events of a noun; the compiler asks for each noun. */
const byNoun: Readonly<Record<NounOf<EventType>, readonly Criterion[]>> = {
  access: ['CC6.1'],
  session: ['CC6.1'],
  token: ['CC6.1'],
  trust: ['CC6.1'],
  shell: ['CC6.1'],
  secret: ['CC6.1'],
  'build-secret': ['CC6.1'],
  registry: ['CC6.1'],
  'secret-sources': ['CC6.1'],
  'github-app': ['CC6.1'],
  member: ['CC6.3'],
  domain: ['CC6.6'],
  webhook: ['CC6.7'],
  drain: ['CC6.7'],
  masking: ['CC6.7'],
  clone: ['CC6.7', 'CC8.1'],
  policy: ['CC6.8', 'CC8.1'],
  alert: ['CC7.2'],
  'alert-rules': ['CC7.2'],
  project: ['CC8.1'],
  service: ['CC8.1'],
  version: ['CC8.1'],
  build: ['CC8.1'],
  environment: ['CC8.1'],
  resource: ['CC8.1'],
  deployment: ['CC8.1'],
  operation: ['CC8.1'],
  instance: ['CC8.1'],
  run: ['CC8.1'],
  job: ['CC8.1'],
  variables: ['CC8.1'],
  connection: ['CC8.1'],
  delivery: ['CC8.1'],
  preview: ['CC8.1'],
  pipeline: ['CC8.1'],
  promotion: ['CC8.1'],
  place: ['A1.1'],
  recipe: ['CC8.1'],
  backup: ['A1.2'],
  'backup-plan': ['A1.2'],
  restore: ['A1.3'],
  gameday: ['A1.3'],
};

/** Events that are evidence for more, or for something else, than their noun. */
const byType: Readonly<Partial<Record<EventType, readonly Criterion[]>>> = {
  'access.ended': ['CC6.3'],
  'project.created': ['CC6.2', 'CC8.1'],
  'project.deleted': ['CC6.3', 'CC8.1'],
  'member.added': ['CC6.2'],
  'token.created': ['CC6.1', 'CC6.2'],
  'token.revoked': ['CC6.3'],
  'trust.created': ['CC6.1', 'CC6.2'],
  'trust.deleted': ['CC6.3'],
  'resource.rotating': ['CC6.1'],
  'resource.rotated': ['CC6.1'],
  'resource.rotation-failed': ['CC6.1'],
  'connection.secret-rotated': ['CC6.1'],
  'webhook.secret-rotated': ['CC6.1'],
  'environment.protected': ['CC6.1', 'CC8.1'],
  'environment.unprotected': ['CC6.1', 'CC8.1'],
  'backup.downloaded': ['CC6.7'],
  'backup.checked': ['A1.2', 'A1.3'],
  'deployment.refused': ['CC6.8', 'CC8.1'],
  'deployment.failed': ['CC7.2', 'CC8.1'],
  'deployment.steered': ['CC7.4', 'CC8.1'],
  'instance.crashed': ['CC7.2'],
  'job.failed': ['CC7.2'],
  'job.missed': ['CC7.2'],
  'alert.acknowledged': ['CC7.3'],
  'alert.silenced': ['CC7.3'],
  'alert.unsilenced': ['CC7.3'],
  'alert.resolved': ['CC7.4'],
  'place.unreachable': ['CC7.2', 'A1.1'],
};

/** The criteria of an event, the one it stands under first. A type that is not declared any more was a change. */
export function criteriaOf(event: { type: string; data?: unknown }): readonly Criterion[] {
  const { type, data } = event;
  const isRollback =
    type === 'deployment.created' && (data as { kind?: string } | undefined)?.kind === 'rollback';
  if (isRollback) return ['CC7.4', 'CC8.1'];
  const [noun = ''] = type.split('.');
  const ofType = (byType as Record<string, readonly Criterion[]>)[type];
  return ofType ?? (byNoun as Record<string, readonly Criterion[]>)[noun] ?? ['CC8.1'];
}
