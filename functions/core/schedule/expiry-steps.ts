/** The end of an environment by its TTL: notices before it, sleep at it, destruction some time later. Pure. */
import { limits } from '../limits.ts';
import type { Environment } from '../model/environment.ts';

export type ExpiryStep = 'notice' | 'expire' | 'destroy';

/** Notices before the end, seconds; each is told once. */
const LEADS = [limits.expiryNotice.value, limits.lastExpiryNotice.value];
/** A notice that would follow this soon after people came to know of the end, as a share of its lead, is left out. */
const NEWS = 0.25;

type Ends = Pick<Environment, 'expiresAt' | 'expiryKnownAt' | 'destroyAt' | 'protection' | 'createdAt'>;

const iso = (time: number): string => new Date(time).toISOString();

/** What comes next of the end, and when, epoch milliseconds; undefined where nothing does. What is protected has no end. */
export function nextExpiryStep(environment: Ends): { step: ExpiryStep; at: number } | undefined {
  const { expiresAt, destroyAt, protection, createdAt, expiryKnownAt = createdAt } = environment;
  if (protection) return undefined;
  if (destroyAt !== undefined) return { step: 'destroy', at: Date.parse(destroyAt) };
  if (expiresAt === undefined) return undefined;
  const end = Date.parse(expiresAt);
  const known = Date.parse(expiryKnownAt);
  for (const lead of LEADS) {
    const at = end - lead * 1000;
    if (at >= known + lead * 1000 * NEWS) return { step: 'notice', at };
  }
  return { step: 'expire', at: end };
}

/** What is due of the end at a time. Of a notice that comes after the end, nothing is left but the end. */
export function dueExpiryStep(environment: Ends, now: number): ExpiryStep | undefined {
  const next = nextExpiryStep(environment);
  if (!next || next.at > now) return undefined;
  const isOver = environment.expiresAt !== undefined && Date.parse(environment.expiresAt) <= now;
  return next.step === 'notice' && isOver ? 'expire' : next.step;
}

/** The environment with another end, or none, which whoever sets it knows of. */
export function withEnd(environment: Environment, expiresAt: string | undefined, now: number): Environment {
  const { expiresAt: _end, expiryKnownAt: _known, destroyAt: _gone, ...rest } = environment;
  return expiresAt === undefined ? rest : { ...rest, expiresAt, expiryKnownAt: iso(now) };
}

/** The environment after a notice of its end. */
export const withNotice = (environment: Environment, now: number): Environment => ({
  ...environment,
  expiryKnownAt: iso(now),
});

/** The environment whose time is over. However late that is found, it has its time to be brought back. */
export const asExpired = (environment: Environment, now: number): Environment => ({
  ...environment,
  destroyAt: iso(now + limits.expiredSeconds.value * 1000),
});

/** An environment that a person uses: one that has expired stays for some time. */
export const broughtBack = (environment: Environment, now: number): Environment =>
  environment.destroyAt === undefined
    ? environment
    : withEnd(environment, iso(now + limits.broughtBackSeconds.value * 1000), now);

/** `expired` is what people see of an environment that sleeps because its time is over. */
export const shownState = ({
  state,
  destroyAt,
}: Pick<Environment, 'state' | 'destroyAt'>): Environment['state'] | 'expired' =>
  state === 'hibernated' && destroyAt !== undefined ? 'expired' : state;

const UNITS = [
  ['d', 86_400_000, 2],
  ['h', 3_600_000, 0.99],
] as const;

/** A time in words, rounded to its largest unit: `6 h`. @param ms at least 0 */
export function spanInWords(ms: number): string {
  // One day and a half is told in hours.
  const [unit, size] = UNITS.find(([, each, least]) => ms >= each * least) ?? ['min', 60_000];
  return `${Math.max(1, Math.round(ms / size))} ${unit}`;
}
