/**
 * Who had access, and from when until when: from the events of a chain, since its first one. Tokens that pipelines got
 * by a trust rule are not counted one by one: the rule is, and each exchange is an event.
 */
import type { BerthEvent } from '../model/index.ts';

/** The event that began or ended it. */
interface Mark {
  event: number;
  /** ISO 8601. */
  at: string;
  by: string;
}

export interface AccessSpan {
  as: 'member' | 'token' | 'pipeline';
  /** Id of the person or group, of the token, or of the trust rule. */
  id: string;
  /** What people know it by: the name of a token, the issuer and the subjects of a rule. */
  name?: string;
  role: string;
  /** Roles that differ by environment, or the environments that it is limited to. */
  environments?: unknown;
  since: Mark;
  /** Absent where it goes on. Where a token has expired, no event did it. */
  until?: Mark | { at: string };
  /** The person behind a token. */
  person?: string;
}

const expiryOf = ({ data }: BerthEvent): string | undefined =>
  (data as { expiresAt?: string } | undefined)?.expiresAt;

export interface AccessLedger {
  /** Takes the events of a chain in their order, from the first. */
  next(event: BerthEvent): void;
  /**
   * Those that were good at any time of a period, in the order in which they began.
   * @param from ISO 8601, and so is `to`, which is not part of the period
   */
  within(from: string, to: string): AccessSpan[];
}

/** @param from spans that ended before are forgotten, so that a long chain takes no more memory than a short one */
export function createAccessLedger(from: string): AccessLedger {
  const open = new Map<string, AccessSpan>();
  const closed: AccessSpan[] = [];
  const expiries = new Map<string, string>();

  function close(key: string, until: Mark): void {
    const span = open.get(key);
    if (!span) return;
    open.delete(key);
    const expiry = expiries.get(key);
    expiries.delete(key);
    const ended = { ...span, until: expiry !== undefined && expiry < until.at ? { at: expiry } : until };
    if (ended.until.at >= from) closed.push(ended);
  }

  function begin(key: string, span: AccessSpan, expiry?: string): void {
    close(key, span.since);
    open.set(key, span);
    if (expiry !== undefined) expiries.set(key, expiry);
    // A pipeline of tokens that each live for an hour leaves none of them here.
    if (open.size % 1000 === 0)
      for (const [other, at] of expiries) {
        if (at >= from) continue;
        open.delete(other);
        expiries.delete(other);
      }
  }

  function next(event: BerthEvent): void {
    const mark: Mark = { event: Number(event.id), at: event.at, by: event.actor };
    switch (event.type) {
      case 'project.created':
        // The person who makes a project is its first administrator; a token or the installation itself is not.
        if (event.actor.startsWith('user:'))
          begin(`member ${event.actor}`, {
            as: 'member',
            id: event.actor,
            role: 'administrator',
            since: mark,
          });
        return;
      case 'project.deleted':
        for (const key of [...open.keys()]) close(key, mark);
        return;
      case 'member.added':
      case 'member.changed': {
        const { principal: id, role, environments } = event.data;
        begin(`member ${id}`, { as: 'member', id, role, ...(environments && { environments }), since: mark });
        return;
      }
      case 'member.removed':
        close(`member ${event.data.principal}`, mark);
        return;
      case 'token.created': {
        const { token: id, kind, name, role, environments } = event.data;
        if (kind === 'exchanged') return;
        const span: AccessSpan = { as: 'token', id, name, role, since: mark };
        if (environments) span.environments = environments;
        span.person = event.onBehalfOf ?? event.actor;
        begin(`token ${id}`, span, expiryOf(event));
        return;
      }
      case 'token.revoked':
        close(`token ${event.data.token}`, mark);
        return;
      case 'access.ended':
        for (const [key, { person }] of open) if (person === event.data.principal) close(key, mark);
        return;
      case 'trust.created': {
        const { id, issuer, subjects, role, environments } = event.data;
        const name = `${issuer} ${subjects.join(' ')}`;
        begin(`trust ${id}`, {
          ...{ as: 'pipeline', id, name, role, since: mark },
          ...(environments && { environments }),
        });
        return;
      }
      case 'trust.deleted':
        close(`trust ${event.data.id}`, mark);
        return;
    }
  }

  function within(begin: string, to: string): AccessSpan[] {
    const going = [...open].map(([key, span]): AccessSpan => {
      const at = expiries.get(key);
      return at !== undefined && at < to ? { ...span, until: { at } } : span;
    });
    return [...closed, ...going]
      .filter(({ since, until }) => since.at < to && (until === undefined || until.at >= begin))
      .sort((a, b) => a.since.event - b.since.event);
  }

  return { next, within };
}
