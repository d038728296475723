// Made from the table of roles by `npm run generate`; do not edit.
export const roles = ["viewer","developer","maintainer","administrator"] as const;

export type Role = (typeof roles)[number];

export const roleSummaries: Readonly<Record<Role, string>> = {
  "viewer": "Sees everything but the values of secrets, and changes nothing.",
  "developer": "Builds, deploys, and makes environments.",
  "maintainer": "Takes care of what others depend on: approves, protects, lets in people, tokens and pipelines.",
  "administrator": "Owns the project: loosens its protection, and deletes it."
};

/** The least that an action needs: a role, or `signed-in`, `person`, `platform`. */
export interface Permission {
  least: Role | 'signed-in' | 'person' | 'platform';
  /** In a protected environment, where that is more. */
  protected?: Role;
  /** Open to a token that is limited to some environments, though it is about the whole project. */
  acrossEnvironments?: true;
  /** Whether tokens may do what gives access: never, or those that were made for it. */
  tokens?: 'never' | 'allowed';
  /** Goes on from "may". */
  does: string;
}

const table = {
  "session.read": {
    "least": "person",
    "does": "list their own sessions"
  },
  "session.end": {
    "least": "person",
    "does": "sign out, and end their own sessions"
  },
  "me.read": {
    "least": "signed-in",
    "does": "read who they are"
  },
  "me.manage": {
    "least": "person",
    "does": "list, make and revoke their own tokens",
    "tokens": "allowed"
  },
  "project.list": {
    "least": "signed-in",
    "does": "list the projects that they are let into"
  },
  "project.create": {
    "least": "person",
    "does": "create a project, and become its administrator"
  },
  "project.read": {
    "least": "viewer",
    "acrossEnvironments": true,
    "does": "read the project, and their role in it"
  },
  "project.update": {
    "least": "maintainer",
    "does": "change the name that people see"
  },
  "project.delete": {
    "least": "administrator",
    "does": "delete the project, once it is empty"
  },
  "member.read": {
    "least": "viewer",
    "does": "list the members and their roles"
  },
  "member.write": {
    "least": "maintainer",
    "does": "add, change and remove members up to their own role",
    "tokens": "never"
  },
  "token.read": {
    "least": "maintainer",
    "does": "list the tokens of the project"
  },
  "token.write": {
    "least": "maintainer",
    "does": "make tokens of the project up to their own role, and revoke them",
    "tokens": "allowed"
  },
  "trust.read": {
    "least": "maintainer",
    "does": "list which pipelines the project trusts"
  },
  "trust.write": {
    "least": "maintainer",
    "does": "make and delete trust rules for pipelines up to their own role",
    "tokens": "never"
  },
  "webhook.read": {
    "least": "maintainer",
    "does": "list where events of the project are sent"
  },
  "webhook.write": {
    "least": "maintainer",
    "does": "make, change, test and delete webhooks, and rotate what signs them",
    "tokens": "never"
  },
  "connection.read": {
    "least": "viewer",
    "does": "read what a service is connected to, what was delivered, and previews; never secrets"
  },
  "connection.write": {
    "least": "maintainer",
    "does": "connect a service to a repository, disconnect it, and rotate what its provider signs with"
  },
  "connection.redeliver": {
    "least": "developer",
    "does": "do once more what a delivery asked for"
  },
  "preview.approve": {
    "least": "maintainer",
    "does": "let one commit of a fork be built and see what its preview sees",
    "tokens": "allowed"
  },
  "service.read": {
    "least": "viewer",
    "acrossEnvironments": true,
    "does": "list and read services"
  },
  "service.create": {
    "least": "developer",
    "does": "create a service"
  },
  "service.update": {
    "least": "developer",
    "does": "change where the source of a service lives"
  },
  "service.delete": {
    "least": "maintainer",
    "does": "delete a service that is deployed nowhere, with its versions"
  },
  "version.read": {
    "least": "viewer",
    "acrossEnvironments": true,
    "does": "list and read versions"
  },
  "version.create": {
    "least": "developer",
    "acrossEnvironments": true,
    "does": "register an image as a version"
  },
  "build.create": {
    "least": "developer",
    "acrossEnvironments": true,
    "does": "build a version from source"
  },
  "build-secret.read": {
    "least": "viewer",
    "does": "list the names of secrets for builds, never values"
  },
  "build-secret.write": {
    "least": "maintainer",
    "does": "set and remove secrets that every build of the project sees"
  },
  "environment.read": {
    "least": "viewer",
    "does": "list and read environments and what is in them"
  },
  "environment.create": {
    "least": "developer",
    "does": "create an environment"
  },
  "environment.update": {
    "least": "developer",
    "protected": "maintainer",
    "does": "hibernate, wake and extend an environment, and change when that happens by itself"
  },
  "environment.delete": {
    "least": "developer",
    "protected": "administrator",
    "does": "destroy an environment with all that is in it"
  },
  "environment.protect": {
    "least": "maintainer",
    "does": "protect an environment; to loosen its protection is for administrators",
    "tokens": "never"
  },
  "environment.unprotect": {
    "least": "administrator",
    "does": "end the protection of an environment",
    "tokens": "never"
  },
  "run.create": {
    "least": "developer",
    "protected": "maintainer",
    "does": "run a command beside a service, with its image, variables and secrets"
  },
  "shell.open": {
    "least": "maintainer",
    "protected": "administrator",
    "does": "open a shell into a service that runs, which shows the secrets that it has"
  },
  "job.read": {
    "least": "viewer",
    "does": "list and read jobs"
  },
  "job.write": {
    "least": "developer",
    "protected": "maintainer",
    "does": "set, suspend and delete jobs: commands that run by a schedule"
  },
  "gameday.create": {
    "least": "developer",
    "protected": "maintainer",
    "does": "hold a game day: make an environment fail on purpose, for a time"
  },
  "secret.read": {
    "least": "viewer",
    "does": "list the names and versions of secrets, never values"
  },
  "secret.write": {
    "least": "developer",
    "protected": "maintainer",
    "does": "put a secret"
  },
  "secret.rotate": {
    "least": "developer",
    "protected": "maintainer",
    "does": "rotate a secret or the credentials of a resource, and revoke versions of secrets"
  },
  "secret.reveal": {
    "least": "maintainer",
    "protected": "administrator",
    "does": "see the value of a secret, which the audit trail records",
    "tokens": "never"
  },
  "secret.delete": {
    "least": "developer",
    "protected": "maintainer",
    "does": "delete a secret"
  },
  "deployment.read": {
    "least": "viewer",
    "does": "list and read deployments"
  },
  "deployment.create": {
    "least": "developer",
    "does": "deploy, promote and roll back; in a protected environment that waits for approval"
  },
  "deployment.cancel": {
    "least": "developer",
    "does": "cancel a deployment"
  },
  "deployment.approve": {
    "least": "maintainer",
    "does": "approve or reject a deployment that someone else asked for",
    "tokens": "never"
  },
  "policy.read": {
    "least": "viewer",
    "does": "read policies, and see what one would have refused"
  },
  "policy.write": {
    "least": "administrator",
    "does": "add, change and delete policies of the project"
  },
  "policy.list": {
    "least": "signed-in",
    "does": "read the policies that hold in every project"
  },
  "policy.govern": {
    "least": "platform",
    "does": "add, change and delete policies that hold in every project"
  },
  "instance.read": {
    "least": "viewer",
    "does": "read the state of services in an environment"
  },
  "instance.operate": {
    "least": "developer",
    "protected": "maintainer",
    "does": "restart, stop, start and scale a service in an environment"
  },
  "instance.remove": {
    "least": "developer",
    "protected": "administrator",
    "does": "remove a service from an environment, with what it alone used"
  },
  "variable.read": {
    "least": "viewer",
    "does": "read the variables of an environment"
  },
  "variable.write": {
    "least": "developer",
    "protected": "maintainer",
    "does": "set and remove variables of an environment"
  },
  "log.read": {
    "least": "viewer",
    "does": "read and follow logs"
  },
  "metric.read": {
    "least": "viewer",
    "does": "read metrics"
  },
  "event.read": {
    "least": "viewer",
    "does": "read and follow what happened in the project"
  },
  "audit.read": {
    "least": "administrator",
    "does": "verify and export the audit trail"
  },
  "audit.govern": {
    "least": "platform",
    "does": "verify and export the audit trail of the platform"
  },
  "operation.read": {
    "least": "viewer",
    "does": "read and follow operations"
  },
  "operation.cancel": {
    "least": "developer",
    "does": "cancel a build, a deployment, a run or a game day"
  }
} as const satisfies Record<string, Permission>;

export type Action = keyof typeof table;

export const permissions: Readonly<Record<Action, Permission>> = table;
