// Made from the table of roles by `npm run generate`; do not edit.
export const roles = ["viewer","developer","maintainer","administrator"] as const;

export type Role = (typeof roles)[number];

export interface Permission {
  /** The least that it needs: a role, or one of the others. */
  least: Role | 'signed-in' | 'person' | 'platform';
  /** In a protected environment, where that is more. */
  protected?: Role;
  /** Open to a token that is limited to some environments, though it is about the whole project. */
  acrossEnvironments?: true;
  /** Whether tokens may do what gives access: never, or those that were made for it. */
  tokens?: 'never' | 'allowed';
}

const table = {
  "session.read": {
    "least": "person"
  },
  "session.end": {
    "least": "person"
  },
  "me.read": {
    "least": "signed-in"
  },
  "me.manage": {
    "least": "person",
    "tokens": "allowed"
  },
  "project.list": {
    "least": "signed-in"
  },
  "project.create": {
    "least": "person"
  },
  "project.read": {
    "least": "viewer",
    "acrossEnvironments": true
  },
  "project.update": {
    "least": "maintainer"
  },
  "project.delete": {
    "least": "administrator"
  },
  "member.read": {
    "least": "viewer"
  },
  "member.write": {
    "least": "maintainer",
    "tokens": "never"
  },
  "token.read": {
    "least": "maintainer"
  },
  "token.write": {
    "least": "maintainer",
    "tokens": "allowed"
  },
  "trust.read": {
    "least": "maintainer"
  },
  "trust.write": {
    "least": "maintainer",
    "tokens": "never"
  },
  "webhook.read": {
    "least": "maintainer"
  },
  "webhook.write": {
    "least": "maintainer",
    "tokens": "never"
  },
  "drain.read": {
    "least": "maintainer"
  },
  "drain.write": {
    "least": "maintainer",
    "tokens": "never"
  },
  "connection.read": {
    "least": "viewer"
  },
  "connection.write": {
    "least": "maintainer"
  },
  "connection.redeliver": {
    "least": "developer"
  },
  "preview.approve": {
    "least": "maintainer",
    "tokens": "allowed"
  },
  "service.read": {
    "least": "viewer",
    "acrossEnvironments": true
  },
  "service.create": {
    "least": "developer"
  },
  "service.update": {
    "least": "developer"
  },
  "service.delete": {
    "least": "maintainer"
  },
  "version.read": {
    "least": "viewer",
    "acrossEnvironments": true
  },
  "version.create": {
    "least": "developer",
    "acrossEnvironments": true
  },
  "version.delete": {
    "least": "maintainer"
  },
  "build.create": {
    "least": "developer",
    "acrossEnvironments": true
  },
  "build-secret.read": {
    "least": "viewer"
  },
  "build-secret.write": {
    "least": "maintainer"
  },
  "environment.read": {
    "least": "viewer"
  },
  "environment.create": {
    "least": "developer"
  },
  "environment.clone": {
    "least": "developer",
    "protected": "maintainer"
  },
  "environment.update": {
    "least": "developer",
    "protected": "maintainer"
  },
  "environment.delete": {
    "least": "developer",
    "protected": "administrator"
  },
  "environment.protect": {
    "least": "maintainer",
    "tokens": "never"
  },
  "environment.unprotect": {
    "least": "administrator",
    "tokens": "never"
  },
  "environment.eject": {
    "least": "developer",
    "protected": "maintainer"
  },
  "run.create": {
    "least": "developer",
    "protected": "maintainer"
  },
  "shell.open": {
    "least": "maintainer",
    "protected": "administrator"
  },
  "job.read": {
    "least": "viewer"
  },
  "job.write": {
    "least": "developer",
    "protected": "maintainer"
  },
  "backup.read": {
    "least": "viewer"
  },
  "backup.write": {
    "least": "developer",
    "protected": "maintainer"
  },
  "backup.restore": {
    "least": "developer",
    "protected": "administrator"
  },
  "backup.download": {
    "least": "maintainer",
    "protected": "administrator"
  },
  "backup.delete": {
    "least": "maintainer",
    "protected": "administrator"
  },
  "masking.read": {
    "least": "viewer"
  },
  "masking.write": {
    "least": "administrator"
  },
  "domain.read": {
    "least": "viewer"
  },
  "domain.write": {
    "least": "developer",
    "protected": "maintainer"
  },
  "gameday.create": {
    "least": "developer",
    "protected": "maintainer"
  },
  "secret.read": {
    "least": "viewer"
  },
  "secret.write": {
    "least": "developer",
    "protected": "maintainer"
  },
  "secret.rotate": {
    "least": "developer",
    "protected": "maintainer"
  },
  "secret.reveal": {
    "least": "maintainer",
    "protected": "administrator",
    "tokens": "never"
  },
  "secret.delete": {
    "least": "developer",
    "protected": "maintainer"
  },
  "deployment.read": {
    "least": "viewer"
  },
  "deployment.create": {
    "least": "developer"
  },
  "deployment.cancel": {
    "least": "developer"
  },
  "deployment.approve": {
    "least": "maintainer",
    "tokens": "never"
  },
  "pipeline.read": {
    "least": "viewer"
  },
  "pipeline.write": {
    "least": "maintainer"
  },
  "promotion.create": {
    "least": "developer"
  },
  "alert.read": {
    "least": "viewer"
  },
  "alert-rule.write": {
    "least": "maintainer"
  },
  "alert.acknowledge": {
    "least": "developer"
  },
  "alert.silence": {
    "least": "developer"
  },
  "secret-source.read": {
    "least": "signed-in"
  },
  "secret-source.write": {
    "least": "platform"
  },
  "recipe.read": {
    "least": "signed-in"
  },
  "recipe.govern": {
    "least": "platform"
  },
  "github-app.read": {
    "least": "platform"
  },
  "github-app.govern": {
    "least": "platform"
  },
  "policy.read": {
    "least": "viewer"
  },
  "policy.write": {
    "least": "administrator"
  },
  "policy.list": {
    "least": "signed-in"
  },
  "policy.govern": {
    "least": "platform"
  },
  "place.read": {
    "least": "platform"
  },
  "place.govern": {
    "least": "platform"
  },
  "instance.read": {
    "least": "viewer"
  },
  "instance.operate": {
    "least": "developer",
    "protected": "maintainer"
  },
  "instance.remove": {
    "least": "developer",
    "protected": "administrator"
  },
  "variable.read": {
    "least": "viewer"
  },
  "variable.write": {
    "least": "developer",
    "protected": "maintainer"
  },
  "log.read": {
    "least": "viewer"
  },
  "metric.read": {
    "least": "viewer"
  },
  "event.read": {
    "least": "viewer"
  },
  "audit.read": {
    "least": "administrator"
  },
  "audit.govern": {
    "least": "platform"
  },
  "operation.read": {
    "least": "viewer"
  },
  "operation.cancel": {
    "least": "developer"
  }
} as const satisfies Record<string, Permission>;

export type Action = keyof typeof table;

export const permissions: Readonly<Record<Action, Permission>> = table;
