/** Policies: the conditions that a deployment has to meet, as data. */

/** Severities of findings, the worst first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/** A time in which nothing is deployed: once, or each week. */
export type FreezeWindow =
  /** ISO 8601; `to` is not part of it. */
  | { from: string; to: string; reason?: string }
  | {
      days: readonly Weekday[];
      /** `HH:MM`; a window that ends before it starts goes on to the next day. */
      start: string;
      end: string;
      /** IANA name, such as `Europe/Berlin`. */
      timeZone: string;
      reason?: string;
    };

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

export type PolicyRule =
  /**
   * Images come from one of these places or were built by Berth. A place is a host, or a host and the first parts of
   * a path.
   */
  | { kind: 'allowed-registries'; registries: readonly string[] }
  /** Images that CI pushed are named by digest: a tag could have been moved. */
  | { kind: 'digest-only' }
  /** No finding of this severity or worse; an image that was not scanned is refused. */
  | { kind: 'scan'; severity: Severity }
  /** Signed with one of these keys, as cosign does. */
  | { kind: 'signature'; keys: readonly { name: string; publicKey: string }[] }
  /** The limit on one replica, all containers together; a container without a limit exceeds every ceiling. */
  | { kind: 'ceiling'; cpu?: string; memory?: string; replicas?: number }
  /**
   * Berth built the image from one of these branches (with wildcards), in one of these repositories if any are named.
   */
  | { kind: 'branches'; branches: readonly string[]; repositories?: readonly string[] }
  | { kind: 'freeze'; windows: readonly FreezeWindow[] }
  /**
   * The most US dollars that an environment may cost in a month in which it is awake, with all replicas to which it may
   * scale; of environments of one kind alone if it is named.
   */
  | { kind: 'budget'; usdPerMonth: number; of?: BudgetedKind };

export const budgetedKinds = ['persistent', 'ephemeral', 'protected'] as const;
export type BudgetedKind = (typeof budgetedKinds)[number];

export interface Policy {
  name: string;
  description?: string;
  /** Names of environments, with wildcards; all environments if absent. */
  environments?: readonly string[];
  /** Tells whether the policy holds for rollbacks too. */
  rollbacks: boolean;
  rule: PolicyRule;
  updatedAt: string;
  updatedBy: string;
}

/** Who made a policy: a project for itself, or the platform team for all projects. */
export type PolicyScope = 'project' | 'platform';

export interface Violation {
  policy: string;
  scope: PolicyScope;
  /** What was found. */
  fact: string;
  /** What would have to change to meet the policy. */
  remedy: string;
}
