/** Silences: for a time, alerts that they choose are told to nobody. They are one record for each project. */
import { alertSilencesKey, projectKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { AlertSilence, AlertSilences, EventFields } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Store } from '../../ports/store.ts';
import { type Caller, commit, missing, retryOnConflict } from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';

export type NewSilence = Pick<AlertSilence, 'rule' | 'environment' | 'subject' | 'reason'> & {
  /** Seconds. */
  forSeconds: number;
};

/** Those that have not ended. @param now epoch milliseconds */
export async function silencesOf(store: Store, project: string, now: number): Promise<AlertSilence[]> {
  const item = await store.get<AlertSilences>(alertSilencesKey(project));
  return (item?.data.silences ?? []).filter(({ until }) => Date.parse(until) > now);
}

const told = ({ id: silence, rule, environment: of, subject, until, reason }: AlertSilence) => ({
  silence,
  until,
  reason,
  ...(rule !== undefined && { rule }),
  ...(of !== undefined && { of }),
  ...(subject !== undefined && { subject }),
});

function change<Result>(
  ports: Ports,
  caller: Caller,
  project: string,
  to: (silences: AlertSilence[]) => { silences: AlertSilence[]; event: EventFields; result: Result },
): Promise<Result> {
  const { store, effects } = ports;
  return retryOnConflict(async () => {
    await getProject(store, project);
    const key = alertSilencesKey(project);
    const item = await store.get<AlertSilences>(key);
    const held = (item?.data.silences ?? []).filter(({ until }) => Date.parse(until) > effects.now());
    const { silences, event, result } = to(held);
    await commit(ports, caller, {
      writes: [
        { put: { ...key, data: { silences } }, if: item ? { version: item.version } : 'absent' },
        { check: projectKey(project), if: 'present' },
      ],
      events: [event],
      result,
    });
    return result;
  });
}

/** @throws Problem not_found | conflict (too many) */
export function silenceAlerts(
  ports: Ports,
  caller: Caller,
  project: string,
  { forSeconds, ...chosen }: NewSilence,
): Promise<AlertSilence> {
  const now = ports.effects.now();
  const silence: AlertSilence = {
    id: ports.effects.id(),
    ...chosen,
    until: new Date(now + forSeconds * 1000).toISOString(),
    createdAt: new Date(now).toISOString(),
    createdBy: caller.actor,
  };
  return change(ports, caller, project, (held) => {
    if (held.length >= limits.alertSilences.value)
      throw new Problem('conflict', `Project "${project}" has ${held.length} silences already.`, {
        hint: 'End one first, or let one silence stand for several by leaving out what it names.',
      });
    return {
      silences: [...held, silence],
      event: { project, type: 'alert.silenced', data: told(silence) },
      result: silence,
    };
  });
}

/** Ends a silence: what fires still is told by the next look. @throws Problem not_found */
export function endSilence(ports: Ports, caller: Caller, project: string, id: string): Promise<void> {
  return change(ports, caller, project, (held) => {
    const ended = held.find((silence) => silence.id === id);
    if (!ended)
      throw missing(`silence "${id}"`, `List them with GET /v1/projects/${project}/alert-silences.`);
    return {
      silences: held.filter((silence) => silence !== ended),
      event: { project, type: 'alert.unsilenced', data: told(ended) },
      result: undefined,
    };
  });
}

/** The silence that keeps an alert from being told, if any. */
export const silencing = (
  silences: readonly AlertSilence[],
  alert: { rule: string; environment: string; subject: string; service?: string },
): AlertSilence | undefined =>
  silences.find(
    ({ rule, environment, subject }) =>
      (rule === undefined || rule === alert.rule) &&
      (environment === undefined || environment === alert.environment) &&
      (subject === undefined || subject === alert.subject || subject === alert.service),
  );
