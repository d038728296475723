/** A policy as a form has it: texts that people write, and the rule that they stand for. */
import type { PolicyRule } from '../../../../../client/types.generated.ts';
import { linesOf } from '../../../components/forms/lines.ts';

export type RuleKind = PolicyRule['kind'];
type RuleOf<Kind extends RuleKind> = Extract<PolicyRule, { kind: Kind }>;
export type Severity = RuleOf<'scan'>['severity'];
export type BudgetedKind = NonNullable<RuleOf<'budget'>['of']>;
export type Window = RuleOf<'freeze'>['windows'][number];
export type Day = Extract<Window, { days: unknown }>['days'][number];

export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const satisfies readonly Day[];

export interface WindowDraft {
  every: 'week' | 'once';
  days: readonly Day[];
  start: string;
  end: string;
  timeZone: string;
  /** Local times, as a browser's field for them writes it: `2026-12-24T00:00`. */
  from: string;
  to: string;
  reason: string;
}

export interface Draft {
  kind: RuleKind;
  /** Registries or branches, one a line. */
  lines: string;
  repositories: string;
  severity: Severity;
  keys: readonly { name: string; publicKey: string }[];
  cpu: string;
  memory: string;
  replicas: string;
  windows: readonly WindowDraft[];
  /** US dollars, as they are written. */
  usd: string;
  of: BudgetedKind | 'any';
}

export const newWindow = (timeZone: string): WindowDraft => ({
  every: 'week',
  days: ['sat', 'sun'],
  start: '00:00',
  end: '24:00',
  timeZone,
  from: '',
  to: '',
  reason: '',
});

export const newDraft = (timeZone: string): Draft => ({
  kind: 'branches',
  lines: '',
  repositories: '',
  severity: 'critical',
  keys: [{ name: '', publicKey: '' }],
  cpu: '',
  memory: '',
  replicas: '',
  windows: [newWindow(timeZone)],
  usd: '',
  of: 'any',
});

/** Undefined while something that it needs is not there yet. */
export function ruleOf(draft: Draft): PolicyRule | undefined {
  const { kind } = draft;
  const lines = linesOf(draft.lines);
  switch (kind) {
    case 'allowed-registries':
      return lines.length === 0 ? undefined : { kind, registries: lines };
    case 'digest-only':
      return { kind };
    case 'scan':
      return { kind, severity: draft.severity };
    case 'signature': {
      const keys = draft.keys.map(({ name, publicKey }) => ({
        name: name.trim(),
        publicKey: publicKey.trim(),
      }));
      return keys.every(({ name, publicKey }) => name !== '' && publicKey !== '')
        ? { kind, keys }
        : undefined;
    }
    case 'ceiling': {
      const [cpu, memory, replicas] = [draft.cpu.trim(), draft.memory.trim(), draft.replicas.trim()];
      if (cpu + memory + replicas === '') return undefined;
      return {
        kind,
        ...(cpu !== '' && { cpu }),
        ...(memory !== '' && { memory }),
        ...(replicas !== '' && { replicas: Number(replicas) }),
      };
    }
    case 'branches': {
      const repositories = linesOf(draft.repositories);
      if (lines.length === 0) return undefined;
      return { kind, branches: lines, ...(repositories.length > 0 && { repositories }) };
    }
    case 'freeze': {
      const windows = draft.windows.map(windowOf);
      const whole = windows.filter((window) => window !== undefined);
      return whole.length > 0 && whole.length === windows.length ? { kind, windows: whole } : undefined;
    }
    case 'budget': {
      const usdPerMonth = Number(draft.usd.trim());
      if (draft.usd.trim() === '' || Number.isNaN(usdPerMonth)) return undefined;
      return { kind, usdPerMonth, ...(draft.of !== 'any' && { of: draft.of }) };
    }
  }
}

function windowOf({
  every,
  days: chosen,
  start,
  end,
  timeZone,
  from,
  to,
  reason,
}: WindowDraft): Window | undefined {
  const why = reason.trim() === '' ? {} : { reason: reason.trim() };
  if (every === 'week') {
    if (chosen.length === 0 || start === '' || end === '') return undefined;
    return { days: days.filter((day) => chosen.includes(day)), start, end, timeZone, ...why };
  }
  const [since, until] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(since) || Number.isNaN(until)) return undefined;
  return { from: new Date(since).toISOString(), to: new Date(until).toISOString(), ...why };
}

/** The form of a rule that there is. */
export function draftOf(rule: PolicyRule, timeZone: string): Draft {
  const draft = { ...newDraft(timeZone), kind: rule.kind };
  switch (rule.kind) {
    case 'allowed-registries':
      return { ...draft, lines: rule.registries.join('\n') };
    case 'digest-only':
      return draft;
    case 'scan':
      return { ...draft, severity: rule.severity };
    case 'signature':
      return { ...draft, keys: rule.keys };
    case 'ceiling':
      return {
        ...draft,
        cpu: rule.cpu ?? '',
        memory: rule.memory ?? '',
        replicas: rule.replicas === undefined ? '' : String(rule.replicas),
      };
    case 'branches':
      return {
        ...draft,
        lines: rule.branches.join('\n'),
        repositories: (rule.repositories ?? []).join('\n'),
      };
    case 'freeze':
      return { ...draft, windows: rule.windows.map((window) => draftOfWindow(window, timeZone)) };
    case 'budget':
      return { ...draft, usd: String(rule.usdPerMonth), of: rule.of ?? 'any' };
  }
}

function draftOfWindow(window: Window, timeZone: string): WindowDraft {
  const reason = window.reason ?? '';
  if ('days' in window) return { ...newWindow(timeZone), ...window, every: 'week', reason };
  return {
    ...newWindow(timeZone),
    every: 'once',
    from: localTime(window.from),
    to: localTime(window.to),
    reason,
  };
}

/** @example localTime('2026-12-23T23:00:00Z') // "2026-12-24T00:00" in Berlin */
function localTime(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
