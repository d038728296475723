/** Connections of services to repositories, what their providers deliver, and previews of pull requests. */
import type { AppRule, AppState } from '../git/github-app.ts';
import type { ProblemDetail } from '../problem.ts';

export const gitProviders = ['github', 'gitlab', 'gitea'] as const;
export type GitProvider = (typeof gitProviders)[number];

/** Pushes to branches of the pattern are deployed to the environment. */
export interface BranchRule {
  /** A name with wildcards: `*` stands for text without `/`, `**` for any text. */
  branch: string;
  environment: string;
}

/** How pull requests get environments of their own. */
export interface PreviewRules {
  /** What the environment begins as: its variables, its secrets, and the versions of the other services. */
  base: string;
  ttlSeconds: number;
  idleAfterSeconds: number;
  /** The databases begin with what those of the base have, masked; never for what comes from a fork. */
  withData?: true;
}

export interface Connection {
  /** In the address of the hook. */
  id: string;
  project: string;
  service: string;
  provider: GitProvider;
  /** What git clones. */
  repository: string;
  /** Where the provider's API is, without a slash at its end. */
  api: string;
  /** The folder that is built; absent for the whole source. */
  path?: string;
  /** A push that changes no file of these patterns is not built; absent: each one is. */
  watch?: string[];
  rules: BranchRule[];
  previews?: PreviewRules;
  /** Versions of what the provider signs with; after a rotation the previous one is good too until its time is over. */
  secret: { version: string; previous?: { version: string; until: string } };
  /** GitHub is asked as the App that the operator has registered, and a token serves builds alone. */
  app?: true;
  /** The version of the token for private source, statuses and comments. */
  token?: { version: string };
  createdAt: string;
  createdBy: string;
}

/** Where a connection stands, by its id alone. */
export interface ConnectionPlace {
  project: string;
  service: string;
}

/** Points from a repository to a connection by the GitHub App. */
export interface AppConnection {
  project: string;
  service: string;
  /** As GitHub told last, and when, epoch milliseconds; absent while it has told nothing. */
  state?: AppState;
  at?: number;
}

/** Which projects may connect to which repositories by the GitHub App. */
export interface AppRules {
  rules: AppRule[];
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}

export type DeliveryState =
  | 'waiting'
  | 'building'
  | 'deploying'
  | 'destroying'
  | 'succeeded'
  | 'failed'
  /** Nothing is to be done. */
  | 'skipped'
  /** A maintainer has not approved the commit. */
  | 'held'
  /** Another commit is newer. */
  | 'superseded';

const ended: ReadonlySet<DeliveryState> = new Set(['succeeded', 'failed', 'skipped', 'held', 'superseded']);

export const hasEnded = ({ state }: Pick<Delivery, 'state'>): boolean => ended.has(state);

/** One message of a provider, and what became of it. */
export interface Delivery {
  connection: string;
  project: string;
  service: string;
  /** Counts what the connection has accepted. */
  number: number;
  /** The provider's name for the message. */
  delivery: string;
  event: string;
  at: string;
  state: DeliveryState;
  /** Why nothing is to be done. */
  reason?: string;
  /** The full ref. */
  ref?: string;
  commit?: string;
  message?: string;
  author?: string;
  /** Where it is deployed. */
  environment?: string;
  pullRequest?: number;
  /** The number of the delivery that is done once more. */
  redelivers?: number;
  /** The operation that builds. */
  build?: string;
  version?: string;
  /** The number of the deployment, and its operation. */
  deployment?: number;
  operation?: string;
  error?: ProblemDetail;
  endedAt?: string;
  /** While it can not go on: since when. */
  stuckSince?: string;
}

/** How far the deliveries of a branch, or of a pull request, have come. */
export interface Lane {
  /** The newest commit, with what tells it from an older one. */
  head?: { commit: string; number: number; at?: number; committedAt?: number };
  /** What was overtaken: the first digits of commits that another one was pushed upon, newest last. */
  overtaken: string[];
  /** The pull request is closed. */
  closed?: true;
}

/** A deployment at the provider that tells of a delivery. */
export interface ToldDeployment {
  /** The number of the delivery. */
  delivery: number;
  /** The provider's. */
  id: string;
}

/** The provider does not let the token tell of deployments. */
export interface DeploymentsRefused {
  /** The version of the token. */
  token: string;
  /** Of its answer. */
  status: number;
  at: string;
}

export interface Preview {
  project: string;
  service: string;
  connection: string;
  /** Of the pull request. */
  number: number;
  title: string;
  url?: string;
  branch: string;
  /** The newest commit. */
  commit: string;
  isFork: boolean;
  /** The commit of a fork that a maintainer has let in. */
  approved?: { commit: string; by: string; at: string };
  environment: string;
  /** Of the very environment that was made. */
  environmentId?: string;
  /** The number of the newest delivery. */
  delivery: number;
  state: 'held' | 'opening' | 'ready' | 'failed' | 'closing' | 'closed';
  error?: ProblemDetail;
  createdAt: string;
  updatedAt: string;
}
