import type { Action } from '../../../functions/core/authorization/roles.ts';

/**
 * The least role of each permission, written down by hand and apart from the table that decisions are made by. A new
 * permission, or a changed one, is written down here too: on purpose, and by someone who has thought about it.
 * docs/reference/roles.md shows which permission a route asks for.
 */
export const golden = {
  public: ['api.describe', 'session.create', 'token.exchange', 'hook.receive', 'wake.ask'],
  'signed-in': ['me.read', 'project.list', 'policy.list', 'secret-source.read'],
  person: ['project.create', 'me.manage', 'session.read', 'session.end'],
  platform: ['audit.govern', 'policy.govern', 'place.read', 'place.govern', 'secret-source.write'],
  viewer: [
    'project.read',
    'member.read',
    'event.read',
    'service.read',
    'version.read',
    'environment.read',
    'secret.read',
    'build-secret.read',
    'variable.read',
    'instance.read',
    'deployment.read',
    'log.read',
    'metric.read',
    'job.read',
    'backup.read',
    'masking.read',
    'domain.read',
    'operation.read',
    'policy.read',
    'connection.read',
    'pipeline.read',
    'alert.read',
  ],
  developer: [
    'environment.eject',
    'promotion.create',
    'alert.acknowledge',
    'alert.silence',
    'connection.redeliver',
    'service.create',
    'service.update',
    'build.create',
    'version.create',
    'environment.create',
    'environment.clone',
    'environment.update',
    'environment.delete',
    'secret.write',
    'variable.write',
    'instance.operate',
    'run.create',
    'job.write',
    'backup.write',
    'backup.restore',
    'domain.write',
    'gameday.create',
    'instance.remove',
    'secret.rotate',
    'secret.delete',
    'deployment.create',
    'deployment.cancel',
    'operation.cancel',
  ],
  maintainer: [
    'pipeline.write',
    'alert-rule.write',
    'connection.write',
    'preview.approve',
    'secret.reveal',
    'shell.open',
    'backup.download',
    'backup.delete',
    'build-secret.write',
    'project.update',
    'member.write',
    'token.read',
    'token.write',
    'trust.read',
    'trust.write',
    'webhook.read',
    'webhook.write',
    'environment.protect',
    'deployment.approve',
    'service.delete',
    'version.delete',
  ],
  administrator: ['project.delete', 'environment.unprotect', 'audit.read', 'policy.write', 'masking.write'],
} as const satisfies Record<string, readonly Action[]>;

/** Whom it needs in a protected environment, where that is more. */
export const goldenProtected: Readonly<Partial<Record<Action, 'maintainer' | 'administrator'>>> = {
  'environment.update': 'maintainer',
  'environment.clone': 'maintainer',
  'environment.delete': 'administrator',
  'secret.write': 'maintainer',
  'instance.operate': 'maintainer',
  'environment.eject': 'maintainer',
  'run.create': 'maintainer',
  'job.write': 'maintainer',
  'backup.write': 'maintainer',
  'backup.restore': 'administrator',
  'backup.download': 'administrator',
  'backup.delete': 'administrator',
  'domain.write': 'maintainer',
  'gameday.create': 'maintainer',
  'instance.remove': 'administrator',
  'variable.write': 'maintainer',
  'secret.delete': 'maintainer',
  'secret.rotate': 'maintainer',
  'secret.reveal': 'administrator',
  'shell.open': 'administrator',
};

/** About the project as a whole, and open to a token that is limited to some of its environments. */
export const goldenAcross: readonly Action[] = [
  'project.read',
  'service.read',
  'version.read',
  'version.create',
  'build.create',
];

/** No token or pipeline does it, whatever its role. */
export const goldenPeople: readonly Action[] = [
  'member.write',
  'trust.write',
  'webhook.write',
  'environment.protect',
  'environment.unprotect',
  'deployment.approve',
  'secret.reveal',
];

/** A token does it only if it was made to. */
export const goldenTokenMakers: readonly Action[] = ['preview.approve', 'me.manage', 'token.write'];
