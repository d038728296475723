/** One look at one environment: what fires, what resolves, and what is told of it. */
import { silencesOf, silencing } from '../../commands/alerts/alert-silences.ts';
import { newWatch } from '../../commands/alerts/alert-watches.ts';
import { advanceTrack, type TrackClock } from '../../core/alerts/advance-track.ts';
import { nextCommand } from '../../core/alerts/next-command.ts';
import { alertKey, alertWatchKey, deploymentKey, environmentKey, RETENTION_QUEUE } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import {
  type Alert,
  type AlertFinding,
  type AlertRule,
  type AlertSilence,
  type AlertTrack,
  type AlertWatch,
  type Deployment,
  type Environment,
  type EventFields,
  type SuspectDeployment,
  SYSTEM_ACTOR,
} from '../../core/model/index.ts';
import { matchesWildcard } from '../../core/wildcard.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Write } from '../../ports/store.ts';
import { commit } from '../../records/commit.ts';
import { instanceIn } from '../../records/instances.ts';
import { type Look, observe } from './observe.ts';

/** So many alerts fire, resolve or are told in one transaction; the next look goes on. */
const TURNS_AT_ONCE = 30;
/** A deployment that began so long before is told with an alert, milliseconds. */
const SUSPECT_MS = 30 * 60 * 1000;
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

const holdsIn = ({ environments, ephemeral }: AlertRule, { name, kind }: Environment): boolean =>
  (kind === 'persistent' || ephemeral === true) &&
  (environments === undefined || environments.some((pattern) => matchesWildcard(pattern, name)));

interface Turns {
  fired: { track: AlertTrack; rule: AlertRule; finding: AlertFinding }[];
  ended: { track: AlertTrack; end: NonNullable<Alert['end']> }[];
}

/**
 * @param environment as it is now; undefined where it is gone
 * @throws StoreConflict where somebody else has changed something of it: the next look sees it
 */
export async function advanceWatch(
  ports: Ports,
  item: Item<AlertWatch>,
  environment: Environment | undefined,
  allRules: readonly AlertRule[],
  look: Look,
  clock: Pick<TrackClock, 'jumpedAt'>,
): Promise<void> {
  const watch = item.data;
  const isThere = environment?.id === watch.environmentId;
  const rules = isThere ? allRules.filter((rule) => holdsIn(rule, environment)) : [];
  const seen =
    isThere && rules.length > 0
      ? await observe(ports, environment, rules, watch, look)
      : { found: new Map<string, AlertFinding[]>(), restarts: {} };
  const { tracks, turns } = advanceAll(watch.tracks, rules, seen.found, {
    now: ports.effects.now(),
    ...clock,
  });
  const untold = tracks.filter(({ phase, told }) => phase === 'firing' && !told);
  const silences = untold.length > 0 ? await silencesOf(ports.store, watch.project, ports.effects.now()) : [];
  const change = await changeOf(ports, watch, environment, tracks, turns, silences);
  const next = { ...watch, tracks: change.tracks, restarts: seen.restarts };
  const isSame =
    change.writes.length === 0 &&
    sameTracks(next.tracks, watch.tracks) &&
    JSON.stringify(next.restarts) === JSON.stringify(watch.restarts);
  if (isThere && isSame) return;
  const key = alertWatchKey(watch);
  const version = { version: item.version };
  const own: Write[] =
    isThere || change.tracks.length > 0
      ? [{ put: { ...key, data: next }, if: version }]
      : environment
        ? [{ put: { ...key, data: newWatch(watch, environment.id) }, if: version }]
        : // Another one of its name may have come meanwhile, which is watched by the same record.
          [
            { delete: key, if: version },
            { check: environmentKey(watch), if: 'absent' },
          ];
  await commit(ports, { actor: SYSTEM_ACTOR }, { writes: [...own, ...change.writes], events: change.events });
}

const sameTracks = (some: readonly AlertTrack[], others: readonly AlertTrack[]): boolean =>
  some.length === others.length && some.every((track, at) => track === others[at]);

/** Of each rule and subject: what becomes of it. What is not known stays as it is. */
function advanceAll(
  before: readonly AlertTrack[],
  rules: readonly AlertRule[],
  found: ReadonlyMap<string, readonly AlertFinding[]>,
  clock: TrackClock,
): { tracks: AlertTrack[]; turns: Turns } {
  const turns: Turns = { fired: [], ended: [] };
  const tracks: AlertTrack[] = [];
  const isFull = (): boolean => turns.fired.length + turns.ended.length >= TURNS_AT_ONCE;
  const advance = (track: AlertTrack | undefined, rule: AlertRule, finding: AlertFinding): void => {
    const { name, clearSeconds, when, forSeconds } = rule;
    const timing = { name, clearSeconds, kind: when.kind, forSeconds: finding.forSeconds ?? forSeconds };
    const { track: after, turn } = advanceTrack(track, finding, timing, clock);
    if (turn !== undefined && isFull()) {
      if (track) tracks.push(track);
      return;
    }
    if (after) tracks.push(after);
    if (after && turn === 'fired') turns.fired.push({ track: after, rule, finding });
    if (track && turn === 'resolved') turns.ended.push({ track, end: 'cleared' });
  };
  const known = new Set<string>();
  for (const track of before) {
    const rule = rules.find(
      ({ name, when }) => name === track.rule && (track.kind ?? when.kind) === when.kind,
    );
    const findings = rule && found.get(rule.name);
    const finding = findings?.find(({ subject }) => subject === track.subject);
    known.add(`${track.rule} ${track.subject}`);
    if (rule && finding) advance(track, rule, finding);
    else if ((rule && !findings) || (track.phase === 'firing' && isFull())) tracks.push(track);
    else if (track.phase === 'firing') {
      // An operation that is overdue no more has ended.
      turns.ended.push({ track, end: rule?.when.kind === 'operation' ? 'cleared' : 'gone' });
    }
  }
  for (const rule of rules)
    for (const finding of found.get(rule.name) ?? [])
      if (!known.has(`${rule.name} ${finding.subject}`) && tracks.length < limits.alertsOpen.value)
        advance(undefined, rule, finding);
  return { tracks, turns };
}

interface Change {
  tracks: AlertTrack[];
  writes: Write[];
  events: EventFields[];
}

async function changeOf(
  ports: Ports,
  { project, environment: name, environmentId }: AlertWatch,
  environment: Environment | undefined,
  before: readonly AlertTrack[],
  { fired, ended }: Turns,
  silences: readonly AlertSilence[],
): Promise<Change> {
  const now = new Date(ports.effects.now()).toISOString();
  const change: Change = { tracks: [], writes: [], events: [] };
  const about = (alert: Alert) => ({
    project,
    environment: name,
    ...(alert.service !== undefined && { service: alert.service }),
  });
  const tell = (alert: Alert): void => {
    const { id, rule, subject, kind, firedAt, evidence, deployment, next } = alert;
    const data = {
      ...{ alert: id, rule, subject, kind, firedAt, next },
      cause: evidence.words,
      figures: evidence.figures,
      ...(deployment && { deployment }),
    };
    change.events.push({ ...about(alert), type: 'alert.fired', data });
  };
  const recordOf = async (track: AlertTrack): Promise<Item<Alert> | undefined> =>
    track.alert === undefined ? undefined : ports.store.get<Alert>(alertKey(project, track.alert));
  // Together they fit into one transaction.
  let told = fired.length + ended.length;
  for (const track of before) {
    const turn = fired.find((one) => one.track === track);
    if (turn) {
      const { rule, finding } = turn;
      const { subject, service, evidence } = finding;
      const kind = rule.when.kind;
      const of = { project, environment: name, subject, ...(service !== undefined && { service }) };
      const deployment = environment && (await suspectOf(ports, environment, service, track.since));
      const silence = silencing(silences, { ...of, rule: rule.name });
      const alert: Alert = {
        id: ports.effects.id(),
        ...of,
        environmentId,
        rule: rule.name,
        kind,
        state: 'firing',
        firedAt: now,
        evidence,
        ...(deployment && { deployment }),
        next: nextCommand(kind, of, deployment),
        ...(silence && { silence: silence.id }),
      };
      change.writes.push({ put: { ...alertKey(project, alert.id), data: alert }, if: 'absent' });
      if (!silence) tell(alert);
      change.tracks.push({ ...track, alert: alert.id, ...(!silence && { told: true as const }) });
      continue;
    }
    // It was silenced when it fired, and is not any more.
    const isUntold = track.phase === 'firing' && !track.told && told < TURNS_AT_ONCE;
    const record = isUntold ? await recordOf(track) : undefined;
    if (record && !silencing(silences, record.data)) {
      const { silence: _over, ...alert } = record.data;
      const put = { ...alertKey(project, alert.id), data: alert };
      change.writes.push({ put, if: { version: record.version } });
      tell(alert);
      told++;
      change.tracks.push({ ...track, told: true });
    } else change.tracks.push(track);
  }
  for (const { track, end } of ended) {
    const record = await recordOf(track);
    if (!record) continue;
    const alert: Alert = { ...record.data, state: 'resolved', resolvedAt: now, end };
    const due = { queue: RETENTION_QUEUE, at: ports.effects.now() + KEPT_MS };
    change.writes.push({
      put: { ...alertKey(project, alert.id), data: alert, due },
      if: { version: record.version },
    });
    const { id, rule, subject, firedAt } = alert;
    // What nobody was told of is over without a word.
    if (track.told)
      change.events.push({
        ...about(alert),
        type: 'alert.resolved',
        data: { alert: id, rule, subject, firedAt, end },
      });
  }
  return change;
}

/** A deployment of the service that began shortly before the condition held, the newest first. */
async function suspectOf(
  { store }: Ports,
  environment: Environment,
  service: string | undefined,
  since: string,
): Promise<SuspectDeployment | undefined> {
  const instance = service === undefined ? undefined : instanceIn(environment, service);
  if (!instance) return undefined;
  const numbers = [...new Set([instance.newest, instance.current ?? instance.newest])];
  const items = await store.getMany<Deployment>(numbers.map((number) => deploymentKey(instance, number)));
  const from = Date.parse(since) - SUSPECT_MS;
  const suspect = items.find(
    (item) =>
      item &&
      item.data.status !== 'failed' &&
      Date.parse(item.data.createdAt) >= from &&
      item.data.kind !== 'stop' &&
      item.data.kind !== 'remove',
  )?.data;
  if (!suspect) return undefined;
  const { number, version, createdAt: at, createdBy: by } = suspect;
  return { service: instance.service, number, version, at, by };
}
