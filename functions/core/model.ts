/**
 * The nouns of Berth, as they are stored. All are plain JSON: times are ISO 8601 strings in UTC with
 * milliseconds, names are RFC 1123 labels (see names.ts), and no field ever holds a secret value.
 */
import type { ProblemDetail } from './problem.ts';
import type { Role } from './roles.ts';
import type { ScoreWorkload } from './score/types.ts';
import type { Cost } from './units.ts';

export interface Project {
  name: string;
  displayName?: string;
  createdAt: string;
  createdBy: string;
}

export interface Service {
  project: string;
  name: string;
  /** Where the source lives; informative, builds name their own source. */
  repository?: string;
  createdAt: string;
  createdBy: string;
}

/** Where a version's source came from. */
export type Source =
  | { kind: 'upload'; sha256: string; bytes: number }
  | { kind: 'git'; url: string; ref: string; commit: string; author?: string; message?: string }
  | { kind: 'image'; reference: string };

/** An image digest plus the Score workload that came with it. Immutable. */
export interface Version {
  project: string;
  service: string;
  /** Twelve hex digits of the hash of digest and workload: the same pair is the same version. */
  id: string;
  /** `sha256:` and 64 hex digits: the OCI image manifest. */
  digest: string;
  tags: string[];
  workload: ScoreWorkload;
  source: Source;
  /** Bytes of all layers, compressed. */
  size?: number;
  createdAt: string;
  createdBy: string;
}

export type EnvironmentState =
  | 'provisioning'
  | 'ready'
  | 'hibernating'
  | 'hibernated'
  | 'waking'
  | 'destroying'
  | 'destroyed'
  | 'failed';

export interface Protection {
  /** A deployment waits until a second person has approved it. */
  approval: boolean;
  /** Going back to what ran here before needs no approval. */
  rollbackWithoutApproval?: boolean;
}

export interface Environment {
  project: string;
  name: string;
  /** Differs between two environments that had the same name one after the other. */
  id: string;
  kind: 'persistent' | 'ephemeral';
  state: EnvironmentState;
  /** Counts state changes: a cleanup decided on one generation does nothing to the next (I8). */
  generation: number;
  /** Seconds without a request or deployment before it hibernates. */
  idleAfterSeconds?: number;
  /** When it is destroyed. */
  expiresAt?: string;
  lastActivityAt: string;
  /** The operation that is changing its state, if any. */
  operation?: string;
  /** What has to be kept to here that is free elsewhere; absent where nothing is protected. */
  protection?: Protection;
  /** What a destroy could not remove yet. */
  leftovers?: string[];
  createdAt: string;
  createdBy: string;
}

/** A service in an environment: which deployment is the newest, which one serves. */
export interface Instance {
  project: string;
  environment: string;
  service: string;
  /** The fence: the number of the newest deployment. Only grows (I5). */
  newest: number;
  /** The highest number that was given, when that is a deployment that waits, or waited, for approval. */
  highest?: number;
  /** The deployment that serves, or served before hibernation: the last good one. */
  current?: number;
  createdAt: string;
}

export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';

/** Outputs of a provisioned resource; secret ones by reference. */
export interface ResourceOutputs {
  values: Record<string, string>;
  secrets: Record<string, SecretReference>;
}

/** Names one version of one secret; never its value. */
export interface SecretReference {
  secret: string;
  version: string;
}

/** What a version is known by among people. */
export interface Revision {
  tag?: string;
  /** All of its hex digits. */
  commit?: string;
  author?: string;
  /** First line of the commit's message. */
  message?: string;
}

/** A second person's say in a deployment. */
export interface Approval {
  state: 'pending' | 'approved' | 'rejected' | 'expired' | 'canceled';
  /** The person who asked for the deployment; someone else has to approve. */
  requestedBy: string;
  /** When it is given up. */
  expiresAt: string;
  decidedBy?: string;
  decidedAt?: string;
}

/** `redeploy`: the same version again, with the credentials as they are now. */
export type DeploymentKind = 'deploy' | 'promote' | 'rollback' | 'redeploy';

/** One version put into one environment for one service. */
export interface Deployment {
  project: string;
  environment: string;
  service: string;
  number: number;
  kind: DeploymentKind;
  version: string;
  digest: string;
  revision?: Revision;
  workload: ScoreWorkload;
  /** Outputs by the workload's resource names, resolved once: a rollback restores them (absent until prepared). */
  outputs?: Record<string, ResourceOutputs>;
  rollbackTo?: number;
  fromEnvironment?: string;
  /** The rotation that made it, of a redeployment. */
  rotation?: string;
  status: RunStatus;
  /** Where the environment asks for it. */
  approval?: Approval;
  operation: string;
  error?: ProblemDetail;
  createdAt: string;
  createdBy: string;
  finishedAt?: string;
}

/** An instance of a Score resource type in an environment. */
export interface Resource {
  project: string;
  environment: string;
  /** Score's identity: `type.class#id`. */
  uid: string;
  type: string;
  class: string;
  id: string;
  params: Record<string, unknown>;
  /** `provisioning` is written before anything is made (I4). */
  state: 'provisioning' | 'ready' | 'removing';
  outputs: ResourceOutputs;
  /** The operation that rotates its credentials now, with those that it puts in their place or has replaced. */
  rotation?: { operation: string; next?: ResourceOutputs; previous?: ResourceOutputs };
  services: string[];
  operation: string;
  createdAt: string;
}

/**
 * `current` is what new deployments take, `previous` what they took before, `pending` what a rotation tries out.
 * `retired` ones are older; what pinned them still reads them. A `revoked` one can not be read any more.
 */
export type SecretStage = 'pending' | 'current' | 'previous' | 'retired' | 'revoked';

export interface SecretVersion {
  version: string;
  stage: SecretStage;
  createdAt: string;
  createdBy: string;
}

/** A secret's name and versions; the values live behind the Secrets port alone. */
export interface SecretRecord {
  project: string;
  environment: string;
  name: string;
  /** The current one. */
  version: string;
  /** The newest twenty, the newest first. */
  versions: SecretVersion[];
  /** The operation that rotates it now. */
  rotation?: string;
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}

export type OperationKind =
  | 'build'
  | 'provision-environment'
  | 'deploy'
  | 'rollback'
  | 'hibernate'
  | 'wake'
  | 'destroy-environment'
  | 'rotate-secret';

export interface OperationStep {
  name: string;
  startedAt: string;
  /** 1 for the first try. */
  attempt: number;
}

/** A piece of long work: one run of a state machine. */
export interface Operation {
  id: string;
  kind: OperationKind;
  status: RunStatus;
  project: string;
  environment?: string;
  service?: string;
  /** The deployment that it carries out. */
  number?: number;
  /** The environment's generation when it was accepted. */
  generation?: number;
  /** References the steps need (a source, a tag), never payloads. */
  input: Record<string, string>;
  steps: OperationStep[];
  cancelRequested?: boolean;
  /** Of a deployment that a second person has to approve; until then it is queued, and nothing starts. */
  approval?: Approval;
  error?: ProblemDetail;
  result?: Record<string, unknown>;
  /** What it used up to its latest record; of an ended one, all. */
  cost?: Cost;
  createdAt: string;
  createdBy: string;
  endedAt?: string;
  /** By then it has ended or is ended by the sweep (I3). */
  deadline: string;
}

/** Where a request came from, as far as Berth knows. */
export interface Origin {
  /** Network address of the client. */
  address?: string;
  /** What the client calls itself; cut at 200 characters. */
  agent?: string;
}

/** What happened and who did it; written with the change itself, and sealed into its project's chain (I9). */
export interface BerthEvent {
  /** Number in the project's chain, from "1". */
  id: string;
  at: string;
  project: string;
  actor: string;
  /** Absent where Berth itself acts. */
  from?: Origin;
  /** The person behind a token that did it. */
  onBehalfOf?: string;
  /** `noun.verb`, as in `deployment.succeeded`. */
  type: string;
  environment?: string;
  service?: string;
  operation?: string;
  data?: Record<string, unknown>;
  /** Of the event and all before it: see audit-chain.ts. */
  hash: string;
}

/** Whom a project lets in: a person or a group, with a role, and with another one in some environments. */
export interface Member {
  project: string;
  /** `user:<subject>`, `group:<name>` or `email:<address>`; see principal.ts. */
  principal: string;
  role: Role;
  /** By the name of the environment; there it takes the place of `role`. */
  environments?: Record<string, Role>;
  createdAt: string;
  createdBy: string;
}

/** What a token or a pipeline is narrowed to. */
export interface Limits {
  /** It may do at most what this role may. */
  role?: Role;
  project?: string;
  environments?: string[];
  /** It may make tokens, of its own limits or less. */
  createsTokens?: boolean;
  /** When it ends. */
  expiresAt?: string;
}

/** A token as it is kept: everything but itself. */
export interface Token {
  id: string;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  /** `personal`: acts for `owner`. `project`: acts for its project. `exchanged`: for a pipeline, by a trust rule. */
  kind: 'personal' | 'project' | 'exchanged';
  /** Id of the person that it acts for. */
  owner?: string;
  /** Of a project token its project; of a personal one what it is limited to. */
  project?: string;
  role: Role;
  environments?: string[];
  createsTokens?: boolean;
  createdAt: string;
  /** Id of the person or token that made it. */
  createdBy: string;
  /** Of an exchanged token: the pipeline, and the rule that let it in. */
  workflow?: { id: string; trust: string };
  /** The person behind it: who made it, or who made the token that made it. */
  person: string;
  expiresAt: string;
  /** To the hour. */
  lastUsedAt?: string;
}

/** Which pipelines of another system a project trusts. */
export interface Trust {
  id: string;
  project: string;
  /** As it stands in tokens. */
  issuer: string;
  audience: string;
  /** Patterns; see trust.ts. */
  subjects: string[];
  repositoryId?: string;
  /** Runs for pull requests are let in, and why. */
  pullRequests?: { reason: string };
  role: Role;
  environments?: string[];
  createdAt: string;
  createdBy: string;
}

/** Where a project's events are sent. */
export interface Webhook {
  id: string;
  project: string;
  /** Some receivers have a secret in it: it is in no event. */
  url: string;
  /** Types of events, or nouns that stand for all of theirs; all where absent. */
  types?: string[];
  description?: string;
  enabled: boolean;
  /** Why Berth disabled it. */
  disabledReason?: string;
  /** Versions of the signing secret; the one before signs too until its time is up. */
  secret: { version: string; previous?: { version: string; until: string } };
  createdAt: string;
  createdBy: string;
}

/** An event that a receiver did not take, and is sent again. */
export interface WebhookFailure {
  since: string;
  attempts: number;
  /** Of the last attempt. */
  reason: string;
  nextAt: string;
}

/** How far a webhook is: apart from the webhook itself, which changes when people change it. */
export interface WebhookDelivery {
  project: string;
  webhook: string;
  /** As the webhook is enabled. */
  active: boolean;
  /** Number of the last event that was delivered, or that it does not ask for. */
  delivered: number;
  failure?: WebhookFailure;
  /** Who delivers now, and until when nobody else does; epoch milliseconds. */
  lease?: { id: string; until: number };
}

/** What is known of a person from the last sign-in: what their tokens act with. */
export interface Person {
  id: string;
  name?: string;
  email?: string;
  groups: string[];
  administrator: boolean;
  /** To the hour. */
  seenAt: string;
}

/**
 * Who is calling. `user`: a person. `token`: a token of a person or of a project. `workflow`: a pipeline of
 * another system, known by a trust rule. `system`: this installation's own administrator.
 */
export interface Principal {
  /** `user:<subject>`, `token:<id>`, `ci:<issuer>:<subject>` or `administrator`. */
  id: string;
  kind: 'user' | 'token' | 'workflow' | 'system';
  /** For people to read. */
  name?: string;
  /** An address that the issuer has verified. */
  email?: string;
  /** Names of groups, as the issuer gives them. */
  groups: string[];
  /** Runs this installation: administrator of all projects. */
  administrator: boolean;
  /** The person that a token acts for. */
  owner?: string;
  /** The person who made a project's token. */
  madeBy?: string;
  limits?: Limits;
}

/** The person behind a principal: two that share one are not two people. */
export const personOf = ({ id, owner, madeBy }: Principal): string => owner ?? madeBy ?? id;

/** Where events are kept that belong to no project; not the name of one. */
export const PLATFORM = '-';

/** Somebody who has signed in with a browser. */
export interface Session {
  id: string;
  principal: Principal;
  /** SHA-256 of the secret in the cookie, hex. */
  secretHash: string;
  /** The issuer's ID token, encrypted with that secret: the way to sign out there. */
  idToken?: string;
  /** The issuer's own name for the session. */
  providerSession?: string;
  userAgent?: string;
  createdAt: string;
  /** The last request, to within five minutes. */
  seenAt: string;
  /** It ends then at the latest. */
  expiresAt: string;
}

/** Actors that are Berth itself. */
export const SYSTEM_ACTOR = 'berth';

export interface EnvironmentRef {
  project: string;
  environment: string;
}

export interface InstanceRef extends EnvironmentRef {
  service: string;
}

const terminal: ReadonlySet<RunStatus> = new Set(['succeeded', 'failed', 'canceled', 'superseded']);

/** Whether nothing more will happen to it. */
export const isTerminal = (status: RunStatus): boolean => terminal.has(status);
