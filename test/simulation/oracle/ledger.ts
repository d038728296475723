/** What the records say, kept up with each transaction, and what no single transaction may do. */

import { isCloneKey } from '../../../functions/core/keys.ts';
import type { PlaceSet } from '../../../functions/core/model/index.ts';
import {
  type BerthEvent,
  type Deployment,
  type Environment,
  HOME,
  isTerminal,
  type Operation,
  SYSTEM_ACTOR,
} from '../../../functions/core/model/index.ts';
import { recoveryOf } from '../../../functions/core/operations/index.ts';
import { monotonicNow } from '../clock.ts';
import type { Changed } from '../ports/records.ts';
import type { World } from '../world.ts';

export interface Ledger {
  operations: Map<string, Operation>;
  /** By project and name. */
  environments: Map<string, Environment>;
  /** Owner records of resources, by environment. */
  owners: Map<string, Set<string>>;
  /** How deployments stand, by partition and number. */
  deployments: Map<string, Deployment>;
  /** When deployments were accepted, monotonic milliseconds. */
  accepted: Map<string, number>;
  /** The place that each environment came to, by its id; also of those that are gone. */
  placements: Map<string, string>;
  /** How many operations have not ended. */
  open(): number;
  note(changed: readonly Changed[]): void;
}

export interface LedgerAround {
  /** When somebody asked for an environment. */
  touches(project: string, environment: string): number[];
  /** What no record may hold, besides what is looked at when all is quiet. */
  secret: RegExp;
}

/** Requests may come while a cleanup is being decided: those are let in again by waking. */
const DECIDING_MS = 120_000;

/** An end that is being written when somebody cancels is written, milliseconds. */
const ENDED_LATE_MS = 120_000;

const parse = <T>(json: string | undefined): T | undefined =>
  json === undefined ? undefined : (JSON.parse(json) as T);

/** Partitions that belong to no project. */
const SHARED =
  /^(?:places$|placed#|secret-sources$|app-rules$|app-connections#|change-plan#|operation#|idempotency#|health$|webhook-deliveries$|alert-watches$|projects$|person#|sessions#|memberships#|token|connection#|deliveries#|lanes#|drain-deliveries$|drain-places#|recipes$|recipe#)/;

export const deploymentName = ({
  project,
  environment,
  service,
  number,
}: Pick<Deployment, 'project' | 'environment' | 'service' | 'number'>): string =>
  `${project}/${environment}/${service} #${number}`;

export function createLedger(world: World, { touches, secret }: LedgerAround): Ledger {
  const operations = new Map<string, Operation>();
  const environments = new Map<string, Environment>();
  const owners = new Map<string, Set<string>>();
  /** When operations were canceled, by id. */
  const canceled = new Map<string, number>();
  const deployments = new Map<string, Deployment>();
  const accepted = new Map<string, number>();
  const placements = new Map<string, string>();
  let places: ReadonlySet<string> = new Set([HOME]);
  let open = 0;
  /** How many plans of agents were taken up, and nothing was accepted for them yet. */
  let plans = 0;

  function noteOperation(
    { before, after }: Changed,
    told: ReadonlySet<string | undefined>,
    keyed: boolean,
  ): void {
    const [was, is] = [parse<Operation>(before), parse<Operation>(after)];
    if (!is) return;
    operations.set(is.id, is);
    const about = `${is.kind} ${is.id}`;
    if (!was) open++;
    if (!was && !told.has(is.id)) world.violate(`I9: ${about} was accepted without an event`);
    if (!was && is.createdBy.startsWith('user:') && is.kind !== 'wake' && !keyed) {
      // An agent's plan is taken up once, in place of a key.
      if (plans === 0) world.violate(`I2: ${about} was accepted without a trace of its idempotency key`);
      else plans--;
    }
    if (was && is.cancelRequested) noteCanceled(was, is);
    if (was && isTerminal(was.status) && was.status !== is.status)
      world.violate(`I1: ${about} was ${was.status}, and then ${is.status}`);
    if (was && !isTerminal(was.status) && isTerminal(is.status)) {
      open--;
      world.trace.push(`${world.effects.now()} ${about} ${is.status} ${is.error?.code ?? ''}`);
      if (!told.has(is.id)) world.violate(`I9: ${about} ended as ${is.status} without an event`);
    }
  }

  /** Nothing of it begins any more, but for what puts things right. */
  function noteCanceled(was: Operation, is: Operation): void {
    const { id, kind, steps, status } = is;
    const since = canceled.get(id) ?? monotonicNow();
    canceled.set(id, since);
    const [before, last] = [was.steps.at(-1), steps.at(-1)];
    const hasBegun = last && (last.name !== before?.name || last.attempt !== before.attempt);
    if (was.cancelRequested && hasBegun && last.name !== recoveryOf(kind))
      world.violate(`${kind} ${id} was canceled, and ${last.name} begins`);
    // A build that has made its version says so, and a restore that has swapped the data.
    if (
      status === 'succeeded' &&
      !['build', 'restore'].includes(kind) &&
      monotonicNow() - since > ENDED_LATE_MS
    )
      world.violate(`${kind} ${id} was canceled, and succeeds long after that`);
  }

  function noteEnvironment({ before, after }: Changed, events: readonly BerthEvent[]): void {
    const [was, is] = [parse<Environment>(before), parse<Environment>(after)];
    const { project, name } = (is ?? was) as Environment;
    if (is) environments.set(`${project}/${name}`, is);
    const placement = is?.placement ?? HOME;
    if (is && (placements.get(is.id) ?? placement) !== placement)
      world.violate(`Environment ${name} was in ${placements.get(is.id)}, and is said to be in ${placement}`);
    if (is && !was && !places.has(placement))
      world.violate(`Environment ${name} comes to ${placement}, which is no place any more`);
    if (is) placements.set(is.id, placement);
    else environments.delete(`${project}/${name}`);
    const mine = events.filter(({ environment }) => environment === name);
    if (was?.state !== is?.state && mine.length === 0)
      world.violate(`I9: environment ${name} was ${was?.state} and is ${is?.state}, without an event`);
    if (!was || !is || was.id !== is.id) return;
    if (is.generation < was.generation) world.violate(`I8: the generation of ${name} went back`);
    for (const [service, standing] of Object.entries(is.services)) {
      const earlier = was.services[service];
      if (earlier && standing.newest < earlier.newest)
        world.violate(
          `I5: the fence of ${name}/${service} went back from ${earlier.newest} to ${standing.newest}`,
        );
      if (
        earlier?.current !== undefined &&
        standing.current !== undefined &&
        standing.current < earlier.current
      )
        world.violate(`I5: ${name}/${service} went back from #${earlier.current} to #${standing.current}`);
    }
    for (const event of mine) noteCleanup(was, event);
  }

  function noteCleanup(was: Environment, event: BerthEvent): void {
    // What is written late was decided when the event says; whoever came since is let in again by waking.
    const now = Date.parse(event.at);
    if (event.type === 'environment.hibernating' && event.data?.reason === 'idle') {
      // A clock that was set forth or back, perhaps since it was decided, says nothing of how long ago something was.
      const isClockRight = !world.fates.happened.some(({ fault }) => fault === 'jump');
      const asked = touches(was.project, was.name).findLast((time) => time <= now - DECIDING_MS);
      const last = Math.max(asked ?? 0, Date.parse(was.lastActivityAt));
      const idle = now - last;
      if (isClockRight && idle < (was.idleAfterSeconds ?? Number.POSITIVE_INFINITY) * 1000)
        world.violate(`I8: ${was.name} is put to sleep ${idle} ms after it was used`);
    }
    if (event.type === 'environment.expired' && !(Date.parse(was.expiresAt ?? '') <= now))
      world.violate(`${was.name} is said to have expired, and is to expire at ${was.expiresAt}`);
    if (event.type === 'environment.hibernating' && event.data?.reason === 'expired' && !was.destroyAt)
      world.violate(`I8: ${was.name} is put to sleep as expired, and has been brought back`);
    if (event.type === 'environment.hibernating' && event.data?.reason === 'hours') {
      if (!was.officeHours) world.violate(`I8: ${was.name} is put to sleep for office hours that it has not`);
      if (Date.parse(was.awakeUntil ?? '') > now)
        world.violate(`I8: ${was.name} is put to sleep though it is held awake until ${was.awakeUntil}`);
    }
    if (event.type === 'environment.waking' && event.actor === SYSTEM_ACTOR && was.destroyAt)
      world.violate(`${was.name} has expired, and Berth wakes it by itself`);
    if (
      event.type !== 'environment.destroying' ||
      event.actor !== SYSTEM_ACTOR ||
      event.data?.reason === 'leftovers'
    )
      return;
    if (was.protection) world.violate(`I8: ${was.name} is protected, and is destroyed for its age`);
    if (was.destroyAt === undefined || Date.parse(was.destroyAt) > now)
      world.violate(`I8: ${was.name} is destroyed for its age, and is not of age`);
  }

  return {
    operations,
    environments,
    owners,
    deployments,
    accepted,
    placements,
    open: () => open,
    note(changed) {
      const events = changed.flatMap(({ pk, after }) =>
        pk.startsWith('audit#') && after ? [JSON.parse(after) as BerthEvent] : [],
      );
      const told = new Set(events.map(({ operation }) => operation));
      // What a rotation, a promotion or a clone under way asks for is not asked for by a request.
      const keyed =
        changed.some(({ pk }) => /^(?:idempotency|promotions)#/.test(pk)) ||
        changed.some((one) => isCloneKey(one) && one.before !== undefined) ||
        events.some((event) => event.type === 'deployment.created' && event.data.rotation !== undefined);
      const tenants = new Set<string>();
      for (const one of changed) {
        if (!SHARED.test(one.pk)) tenants.add(one.pk.split('#')[1] ?? '');
        if (one.after !== undefined && secret.test(one.after))
          world.violate(`I7: the record ${one.pk} ${one.sk} holds a secret value`);
        if (one.pk.startsWith('change-plan#') && one.before !== undefined) plans++;
        if (one.pk.startsWith('operation#')) noteOperation(one, told, keyed);
        else if (one.sk.startsWith('environment#')) noteEnvironment(one, events);
        else if (one.sk.startsWith('resource#')) noteOwner(one);
        else if (one.sk === 'places') notePlaces(one);
        else if (one.pk.startsWith('deployments#')) noteDeployment(one);
      }
      if (tenants.size > 1) world.violate(`I10: one change touches ${[...tenants].join(' and ')}`);
    },
  };

  function noteDeployment({ before, after }: Changed): void {
    const is = parse<Deployment>(after);
    if (!is) return;
    deployments.set(deploymentName(is), is);
    if (before === undefined) accepted.set(is.operation, monotonicNow());
  }

  function notePlaces({ after }: Changed): void {
    places = new Set([HOME, ...(parse<PlaceSet>(after)?.places ?? []).map(({ name }) => name)]);
    for (const { name, placement = HOME } of environments.values())
      if (!places.has(placement)) world.violate(`${placement} is no place any more, and ${name} is in it`);
  }

  function noteOwner({ pk, sk, after }: Changed): void {
    const known = owners.get(pk) ?? new Set();
    owners.set(pk, known);
    if (after === undefined) known.delete(sk);
    else known.add(sk);
  }
}
