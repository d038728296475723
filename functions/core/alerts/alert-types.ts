/** Alerts: rules as data, what is watched by them, and what has fired. */

/** What a rule looks at, with its bounds. */
export type AlertCondition =
  | {
      kind: 'error-rate';
      /** More answers with a status of 500 or more than so many of a hundred. */
      percent: number;
      /** With fewer requests in the window nothing fires. */
      minRequests: number;
      windowSeconds: number;
    }
  | {
      kind: 'latency';
      /** Half of the requests of the window are in samples whose p99 is higher, milliseconds. */
      p99Ms: number;
      minRequests: number;
      windowSeconds: number;
    }
  /** So many containers were started again within the window, all replicas together. */
  | { kind: 'crash-loop'; restarts: number; windowSeconds: number }
  /** The last run failed with no try left, or a run did not begin when it was due. */
  | { kind: 'job' }
  /** No backup was checked for so many times the interval of the plan. */
  | { kind: 'backup'; intervals: number }
  /** A certificate ends within so many days, or a sixth of its life where that is less, and was not renewed. */
  | { kind: 'certificate'; days: number }
  /** An operation has not ended so long after its bound. */
  | { kind: 'operation'; graceSeconds: number }
  /** A month of the environment costs more than so many of a hundred of what a budget among the policies allows. */
  | { kind: 'budget'; percent: number };

export const alertKinds = [
  'error-rate',
  'latency',
  'crash-loop',
  'job',
  'backup',
  'certificate',
  'operation',
  'budget',
] as const satisfies readonly AlertCondition['kind'][];
export type AlertKind = AlertCondition['kind'];

export interface AlertRule {
  name: string;
  when: AlertCondition;
  /** Of environments, with wildcards; all where absent. */
  environments?: string[];
  /** It holds in ephemeral environments too. */
  ephemeral?: true;
  /** How long it has to hold before it fires, seconds. */
  forSeconds: number;
  /** How long it must not hold before it resolves, seconds. */
  clearSeconds: number;
}

/** The rules of a project, where people have set them; without them the defaults hold. */
export interface AlertRuleSet {
  rules: AlertRule[];
  updatedAt: string;
  updatedBy: string;
}

/** What was found of one subject of a rule. */
export interface AlertFinding {
  /** A service, a job as `service/job`, a resource's uid, a domain, the id of an operation, or the name of a policy. */
  subject: string;
  service?: string;
  /** `unknown`: it could not be seen, or says nothing: nothing fires and nothing resolves for it. */
  state: 'breached' | 'fine' | 'unknown';
  evidence: AlertEvidence;
  /** In place of the rule's own, where that depends on the subject, seconds. */
  forSeconds?: number;
}

/** What was seen, in words and in numbers. */
export interface AlertEvidence {
  words: string;
  figures: Record<string, number | string>;
}

/** A rule and a subject whose condition holds, or held a moment ago. */
export interface AlertTrack {
  rule: string;
  /** What the rule looked at: one that looks at something else is another, whatever its name. Absent in older records. */
  kind?: AlertKind;
  subject: string;
  phase: 'pending' | 'firing';
  /** Since when it holds. */
  since: string;
  /** Of one that fires: since when it does not hold any more. */
  clearSince?: string;
  /** Of one that fires: the id of the alert, and that it was told. What is silenced is not. */
  alert?: string;
  told?: true;
}

/** How often containers were started again, as it was seen: the time, and the count of all replicas. */
export interface RestartMarks {
  deployment: number;
  seen: [at: number, restarts: number][];
}

/** An environment that is watched, with what is under way in it. It changes only when something of that changes. */
export interface AlertWatch {
  project: string;
  environment: string;
  environmentId: string;
  tracks: AlertTrack[];
  restarts: Record<string, RestartMarks>;
}

/** A deployment that began shortly before. */
export interface SuspectDeployment {
  service: string;
  number: number;
  version: string;
  at: string;
  by: string;
}

/** Why an alert does not fire any more; `gone`: its subject or its rule is not there any more, or sleeps. */
export const alertEnds = ['cleared', 'gone'] as const;

export interface Alert {
  id: string;
  project: string;
  environment: string;
  environmentId: string;
  service?: string;
  rule: string;
  kind: AlertKind;
  subject: string;
  state: 'firing' | 'resolved';
  /** When it fired, with what was seen then. */
  firedAt: string;
  evidence: AlertEvidence;
  deployment?: SuspectDeployment;
  /** A command of `berth` that is worth to be run next. */
  next: string;
  resolvedAt?: string;
  end?: (typeof alertEnds)[number];
  acknowledged?: { at: string; by: string; note?: string };
  /** The silence that keeps it from being told; absent once it was told. */
  silence?: string;
}

/** Alerts that are told to nobody for a time. What is absent stands for all. */
export interface AlertSilence {
  id: string;
  rule?: string;
  environment?: string;
  subject?: string;
  until: string;
  reason: string;
  createdAt: string;
  createdBy: string;
}

export interface AlertSilences {
  silences: AlertSilence[];
}
