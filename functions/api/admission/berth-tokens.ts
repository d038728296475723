/** Knows Berth's own tokens: those of people, of projects, and the short ones of pipelines. */
import { isVoid, recallPerson } from '../../commands/access/people.ts';
import { findToken } from '../../commands/access/tokens.ts';
import { isToken } from '../../core/authorization/token-format.ts';
import { trustKey } from '../../core/keys.ts';
import type { Limits, Principal, Token, Trust } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { BearerCheck } from './authenticate.ts';

/**
 * What a token may do is decided with each use, by its own limits and, for a person's token, by what the person may
 * do now.
 */
export const berthTokens =
  (ports: Pick<Ports, 'store' | 'effects'>): BearerCheck =>
  async (text) => {
    if (!isToken(text)) return undefined;
    const token = await findToken(ports, text);
    return token && principalOf(ports, token);
  };

async function principalOf(
  ports: Pick<Ports, 'store' | 'effects'>,
  token: Token,
): Promise<Principal | undefined> {
  const { id, name, owner } = token;
  const base = { id: `token:${id}`, kind: 'token', name, limits: limitsOf(token) } as const;
  switch (token.kind) {
    case 'project':
      return { ...base, groups: [], administrator: false, madeBy: token.person };
    case 'personal': {
      const person = owner === undefined ? undefined : await recallPerson(ports, owner);
      if (!person || isVoid(person, Date.parse(token.createdAt))) return undefined;
      const { groups, email, administrator } = person;
      // A sign-in is the person, as the session of a browser is.
      if (token.signIn) {
        const { name: called } = person;
        return {
          ...{ id: person.id, kind: 'user', groups, administrator, signIn: id },
          ...(called !== undefined && { name: called }),
          ...(email !== undefined && { email }),
        };
      }
      return { ...base, groups, administrator, owner: person.id, ...(email !== undefined && { email }) };
    }
    case 'exchanged': {
      const { workflow, project = '' } = token;
      const trust = workflow && (await ports.store.get<Trust>(trustKey(project, workflow.trust)));
      // An exchanged token ends with the trust rule that gave it.
      if (!trust) return undefined;
      const { createdBy: madeBy } = trust.data;
      return { ...base, id: workflow.id, kind: 'workflow', groups: [], administrator: false, madeBy };
    }
    default:
      return token.kind satisfies never;
  }
}

function limitsOf(token: Token): Limits {
  const { role, project, environments, environmentIds, createsTokens, expiresAt } = token;
  return {
    role,
    expiresAt,
    ...(project !== undefined && { project }),
    ...(environments && { environments }),
    ...(environmentIds && { environmentIds }),
    ...(createsTokens && { createsTokens }),
  };
}
