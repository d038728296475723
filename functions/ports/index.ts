/** All that Berth borrows from the outside. */
import type { Activity } from './activity.ts';
import type { Anchors } from './anchors.ts';
import type { Backups } from './backups.ts';
import type { BucketsAndQueues } from './buckets-and-queues.ts';
import type { Builder } from './builder.ts';
import type { Caches } from './caches.ts';
import type { DatabaseSources } from './database-sources.ts';
import type { Databases } from './databases.ts';
import type { Domains } from './domains.ts';
import type { Effects } from './effects.ts';
import type { GitHubApp } from './github-app.ts';
import type { Isolation } from './isolation.ts';
import type { Logs } from './logs.ts';
import type { Mail } from './mail.ts';
import type { Manifests } from './manifests.ts';
import type { Places } from './places.ts';
import type { Receivers } from './receivers.ts';
import type { Registry } from './registry.ts';
import type { SecretKeepers } from './secret-keepers.ts';
import type { Secrets } from './secrets.ts';
import type { Shells } from './shells.ts';
import type { Store } from './store.ts';
import type { Traces } from './traces.ts';
import type { Wakers } from './wakers.ts';
import type { Workflows } from './workflows.ts';
import type { Workloads } from './workloads.ts';

export interface Ports {
  store: Store;
  workflows: Workflows;
  workloads: Workloads;
  registry: Registry;
  builder: Builder;
  databases: Databases;
  /** Absent where no data can come from elsewhere. */
  databaseSources?: DatabaseSources;
  /** Absent where there is no place to keep any. */
  backups?: Backups;
  /** Absent where no place of the installation has any. */
  caches?: Caches;
  /** Absent where no place of the installation has any. */
  bucketsAndQueues?: BucketsAndQueues;
  secrets: Secrets;
  /** Where secrets are that are kept elsewhere; absent where nothing is connected. */
  secretKeepers?: SecretKeepers;
  activity: Activity;
  logs: Logs;
  anchors: Anchors;
  receivers: Receivers;
  /** Absent where the operator has registered none. */
  githubApp?: GitHubApp;
  /** Absent where the installation sends no e-mail. */
  mail?: Mail;
  effects: Effects;
  /** Absent where the installation's own place is the only one that there can be. */
  places?: Places;
  /** Absent where workloads are in no cluster, or nothing is known that could try its network. */
  isolation?: Isolation;
  /** Absent where nothing but Berth itself wakes environments. */
  wakers?: Wakers;
  /** Absent where the way in to workloads takes no domains of customers. */
  domains?: Domains;
  /** Absent where no traces are kept. */
  traces?: Traces;
  /** Absent where nothing holds connections. */
  shells?: Shells;
  /** Absent where nothing renders for clusters. */
  manifests?: Manifests;
  /** Where people reach Berth, without a slash at its end; absent where nobody has said. */
  origin?: string;
  /** What runs in the installation's own place is on AWS, and paid for by what it uses there. */
  isOnAws?: true;
}
