/** All that Berth borrows from the outside. */
import type { Activity } from './activity.ts';
import type { Anchors } from './anchors.ts';
import type { Builder } from './builder.ts';
import type { Databases } from './databases.ts';
import type { Effects } from './effects.ts';
import type { Isolation } from './isolation.ts';
import type { Logs } from './logs.ts';
import type { Places } from './places.ts';
import type { Receivers } from './receivers.ts';
import type { Registry } from './registry.ts';
import type { SecretKeepers } from './secret-keepers.ts';
import type { Secrets } from './secrets.ts';
import type { Shells } from './shells.ts';
import type { Store } from './store.ts';
import type { Workflows } from './workflows.ts';
import type { Workloads } from './workloads.ts';

export interface Ports {
  store: Store;
  workflows: Workflows;
  workloads: Workloads;
  registry: Registry;
  builder: Builder;
  databases: Databases;
  secrets: Secrets;
  /** Where secrets are that are kept elsewhere; absent where nothing is connected. */
  secretKeepers?: SecretKeepers;
  activity: Activity;
  logs: Logs;
  anchors: Anchors;
  receivers: Receivers;
  effects: Effects;
  /** Absent where the installation's own place is the only one that there can be. */
  places?: Places;
  /** Absent where workloads are in no cluster, or nothing is known that could try its network. */
  isolation?: Isolation;
  /** Absent where nothing holds connections. */
  shells?: Shells;
}
