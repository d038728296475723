/** Who may do what, in one table. Every decision reads it, and docs/reference/roles.md is made from it. */

/** From the least to the most; each role may do what those before it may. */
export const roles = ['viewer', 'developer', 'maintainer', 'administrator'] as const;

export type Role = (typeof roles)[number];

/** What each role is for, in words for people. */
export const roleSummaries: Readonly<Record<Role, string>> = {
  viewer: 'Sees everything but the values of secrets, and changes nothing.',
  developer: 'Builds, deploys, and makes environments.',
  maintainer:
    'Takes care of what others depend on: approves, protects, lets in people, tokens and pipelines.',
  administrator: 'Owns the project: loosens its protection, and deletes it.',
};

/**
 * The least that an action needs: a role in the project, or one of the others. `public`: everyone. `signed-in`:
 * everyone who is known. `person`: people, but no token or pipeline. `platform`: those who run this installation.
 */
export type Least = Role | 'public' | 'signed-in' | 'person' | 'platform';

export interface Permission {
  /** The least role that the action needs. */
  least: Least;
  /** The least role that the action needs in a protected environment, where that is more. */
  protected?: Role;
  /** The action is about the project as a whole, and yet open to a token that is limited to some environments. */
  acrossEnvironments?: true;
  /**
   * The action gives or ends access, or is a person's consent: people do it, and tokens only if they were made for it
   * (`allowed`).
   */
  grants?: { tokens: 'never' | 'allowed' };
  /** What the action does, for the documentation; the text goes on from "may". */
  does: string;
}

const permission = <const Table extends Record<string, Permission>>(
  table: Table,
): { readonly [Name in keyof Table]: Permission } => table;

/** The permissions by action, `noun.verb`. An action that is not listed here can not be asked for. */
export const permissions = permission({
  'api.describe': {
    least: 'public',
    does: 'read the description of the API, its health and its problem codes',
  },
  'session.create': { least: 'public', does: 'sign in, at the identity provider of the installation' },
  'session.read': { least: 'person', does: 'list their own sessions' },
  'session.end': { least: 'person', does: 'sign out, and end their own sessions' },
  'me.read': { least: 'signed-in', does: 'read who they are' },
  'token.exchange': {
    least: 'public',
    does: "exchange a pipeline's own token for one of Berth, where a trust rule takes it",
  },
  'me.manage': {
    least: 'person',
    grants: { tokens: 'allowed' },
    does: 'list, make and revoke their own tokens',
  },
  'project.list': { least: 'signed-in', does: 'list the projects that they are let into' },
  'project.create': { least: 'person', does: 'create a project, and become its administrator' },
  'project.read': {
    least: 'viewer',
    acrossEnvironments: true,
    does: 'read the project, and their role in it',
  },
  'project.update': { least: 'maintainer', does: 'change the name that people see' },
  'project.delete': { least: 'administrator', does: 'delete the project, once it is empty' },
  'member.read': { least: 'viewer', does: 'list the members and their roles' },
  'member.write': {
    least: 'maintainer',
    grants: { tokens: 'never' },
    does: 'add, change and remove members up to their own role',
  },
  'token.read': { least: 'maintainer', does: 'list the tokens of the project' },
  'token.write': {
    least: 'maintainer',
    grants: { tokens: 'allowed' },
    does: 'make tokens of the project up to their own role, and revoke them',
  },
  'trust.read': { least: 'maintainer', does: 'list which pipelines the project trusts' },
  'trust.write': {
    least: 'maintainer',
    grants: { tokens: 'never' },
    does: 'make and delete trust rules for pipelines up to their own role',
  },
  'webhook.read': { least: 'maintainer', does: 'list where events of the project are sent' },
  'webhook.write': {
    least: 'maintainer',
    grants: { tokens: 'never' },
    does: 'make, change, test and delete webhooks, and rotate what signs them',
  },
  'drain.read': { least: 'maintainer', does: 'list where output of the project is sent' },
  'drain.write': {
    least: 'maintainer',
    grants: { tokens: 'never' },
    does: 'make, change, test and delete log drains',
  },
  'wake.ask': {
    least: 'public',
    does: 'have environments woken for requests that wait, as the activator of a cluster',
  },
  'hook.receive': { least: 'public', does: 'deliver what a connected repository signs' },
  'connection.read': {
    least: 'viewer',
    does: 'read what a service is connected to, what was delivered, and previews; never secrets',
  },
  'connection.write': {
    least: 'maintainer',
    does: 'connect a service to a repository, disconnect it, and rotate what its provider signs with',
  },
  'connection.redeliver': { least: 'developer', does: 'do once more what a delivery asked for' },
  'preview.approve': {
    least: 'maintainer',
    grants: { tokens: 'allowed' },
    does: 'let one commit of a fork be built and see what its preview sees',
  },
  'service.read': { least: 'viewer', acrossEnvironments: true, does: 'list and read services' },
  'service.create': { least: 'developer', does: 'create a service' },
  'service.update': { least: 'developer', does: 'change where the source of a service lives' },
  'service.delete': {
    least: 'maintainer',
    does: 'delete a service that is deployed nowhere, with its versions',
  },
  'version.read': { least: 'viewer', acrossEnvironments: true, does: 'list and read versions' },
  'version.create': { least: 'developer', acrossEnvironments: true, does: 'register an image as a version' },
  'version.delete': { least: 'maintainer', does: 'delete a version that nothing needs, with its image' },
  'build.create': { least: 'developer', acrossEnvironments: true, does: 'build a version from source' },
  'build-secret.read': {
    least: 'viewer',
    does: 'list the names of secrets for builds and of registries, never values',
  },
  'build-secret.write': {
    least: 'maintainer',
    does: 'set and remove secrets that every build of the project sees, and passwords of registries',
  },
  'environment.read': { least: 'viewer', does: 'list and read environments and what is in them' },
  'environment.create': { least: 'developer', does: 'create an environment' },
  'environment.clone': {
    least: 'developer',
    protected: 'maintainer',
    does: 'begin an environment as another one; its secrets come along for those who may see them',
  },
  'environment.update': {
    least: 'developer',
    protected: 'maintainer',
    does: 'hibernate, wake and extend an environment, and change when that happens by itself',
  },
  'environment.delete': {
    least: 'developer',
    protected: 'administrator',
    does: 'destroy an environment with all that is in it',
  },
  'environment.protect': {
    least: 'maintainer',
    grants: { tokens: 'never' },
    does: 'protect an environment; to loosen its protection is for administrators',
  },
  'environment.unprotect': {
    least: 'administrator',
    grants: { tokens: 'never' },
    does: 'end the protection of an environment',
  },
  'environment.eject': {
    least: 'developer',
    protected: 'maintainer',
    does: 'read what serves as plain manifests, with the addresses of what it uses',
  },
  'run.create': {
    least: 'developer',
    protected: 'maintainer',
    does: 'run a command beside a service, with its image, variables and secrets',
  },
  'shell.open': {
    least: 'maintainer',
    protected: 'administrator',
    does: 'open a shell into a service that runs, which shows the secrets that it has',
  },
  'job.read': { least: 'viewer', does: 'list and read jobs' },
  'job.write': {
    least: 'developer',
    protected: 'maintainer',
    does: 'set, suspend and delete jobs: commands that run by a schedule',
  },
  'backup.read': { least: 'viewer', does: 'list backups, and read when they are made' },
  'backup.write': {
    least: 'developer',
    protected: 'maintainer',
    does: 'back up the data of a resource, and set when that happens by itself',
  },
  'backup.restore': {
    least: 'developer',
    protected: 'administrator',
    does: 'put a backup in the place of the data of a resource',
  },
  'backup.download': {
    least: 'maintainer',
    protected: 'administrator',
    does: 'download a backup with all the data in it, which the audit trail records',
  },
  'backup.delete': { least: 'maintainer', protected: 'administrator', does: 'delete a backup' },
  'masking.read': { least: 'viewer', does: 'read how data are masked that are copied to other environments' },
  'masking.write': {
    least: 'administrator',
    does: 'set how data are masked that are copied to other environments',
  },
  'domain.read': { least: 'viewer', does: 'list and read domains, and how their certificates do' },
  'domain.write': {
    least: 'developer',
    protected: 'maintainer',
    does: 'add, check and remove domains of their own',
  },
  'gameday.create': {
    least: 'developer',
    protected: 'maintainer',
    does: 'hold a game day: make an environment fail on purpose, for a time',
  },
  'secret.read': { least: 'viewer', does: 'list the names and versions of secrets, never values' },
  'secret.write': { least: 'developer', protected: 'maintainer', does: 'put a secret' },
  'secret.rotate': {
    least: 'developer',
    protected: 'maintainer',
    does: 'rotate a secret or the credentials of a resource, and revoke versions of secrets',
  },
  'secret.reveal': {
    least: 'maintainer',
    protected: 'administrator',
    grants: { tokens: 'never' },
    does: 'see the value of a secret, which the audit trail records',
  },
  'secret.delete': { least: 'developer', protected: 'maintainer', does: 'delete a secret' },
  'deployment.read': { least: 'viewer', does: 'list and read deployments' },
  'deployment.create': {
    least: 'developer',
    does: 'deploy, promote and roll back; in a protected environment that waits for approval',
  },
  'deployment.cancel': { least: 'developer', does: 'cancel a deployment' },
  'deployment.approve': {
    least: 'maintainer',
    grants: { tokens: 'never' },
    does: 'approve or reject a deployment that someone else asked for',
  },
  'pipeline.read': { least: 'viewer', does: 'read the pipeline, and what is promoted through it' },
  'pipeline.write': { least: 'maintainer', does: 'set and delete the pipeline of the project' },
  'promotion.create': {
    least: 'developer',
    does: 'promote a version through several environments, and cancel that; in a protected environment it waits for approval',
  },
  'alert.read': { least: 'viewer', does: 'read alerts, the rules that they fire by, and silences' },
  'alert-rule.write': { least: 'maintainer', does: 'set the alert rules of the project' },
  'alert.acknowledge': { least: 'developer', does: 'say that they look after an alert' },
  'alert.silence': { least: 'developer', does: 'silence alerts for a time, and end that' },
  'secret-source.read': {
    least: 'signed-in',
    does: 'read which projects may refer to secrets that are kept elsewhere',
  },
  'secret-source.write': {
    least: 'platform',
    does: 'set which projects may refer to secrets that are kept elsewhere',
  },
  'recipe.read': { least: 'signed-in', does: 'read the resource types that recipes add' },
  'recipe.govern': {
    least: 'platform',
    does: 'put and delete recipes, and see which services of all projects use them',
  },
  'github-app.read': {
    least: 'platform',
    does: 'read which projects may connect to which repositories by the GitHub App',
  },
  'github-app.govern': {
    least: 'platform',
    does: 'set which projects may connect to which repositories by the GitHub App',
  },
  'policy.read': { least: 'viewer', does: 'read policies, and see what one would have refused' },
  'policy.write': { least: 'administrator', does: 'add, change and delete policies of the project' },
  'policy.list': { least: 'signed-in', does: 'read the policies that hold in every project' },
  'policy.govern': { least: 'platform', does: 'add, change and delete policies that hold in every project' },
  'place.read': {
    least: 'platform',
    does: 'read the places that workloads run in, and how they are reached',
  },
  'place.govern': { least: 'platform', does: 'add, change and remove places that workloads run in' },
  'instance.read': { least: 'viewer', does: 'read the state of services in an environment' },
  'instance.operate': {
    least: 'developer',
    protected: 'maintainer',
    does: 'restart, stop, start and scale a service in an environment',
  },
  'instance.remove': {
    least: 'developer',
    protected: 'administrator',
    does: 'remove a service from an environment, with what it alone used',
  },
  'variable.read': { least: 'viewer', does: 'read the variables of an environment' },
  'variable.write': {
    least: 'developer',
    protected: 'maintainer',
    does: 'set and remove variables of an environment',
  },
  'log.read': { least: 'viewer', does: 'read and follow logs' },
  'metric.read': { least: 'viewer', does: 'read metrics' },
  'event.read': { least: 'viewer', does: 'read and follow what happened in the project' },
  'audit.read': { least: 'administrator', does: 'verify and export the audit trail' },
  'audit.govern': { least: 'platform', does: 'verify and export the audit trail of the platform' },
  'operation.read': { least: 'viewer', does: 'read and follow operations' },
  'operation.cancel': { least: 'developer', does: 'cancel a build, a deployment, a run or a game day' },
});

/** `noun.verb`. */
export type Action = keyof typeof permissions;

const rank = (role: Role): number => roles.indexOf(role);

/** Tells whether a role is at least another one. */
export const isAtLeast = (role: Role | undefined, least: Role): boolean =>
  role !== undefined && rank(role) >= rank(least);

export const lowerRole = (a: Role, b: Role): Role => (rank(a) < rank(b) ? a : b);
export const higherRole = (a: Role | undefined, b: Role): Role =>
  a !== undefined && rank(a) > rank(b) ? a : b;

export const isRole = (least: Least): least is Role => (roles as readonly string[]).includes(least);
