/** The permissions as the console knows them: what takes which role is disabled there before it is refused. */
import { permissions, roleSummaries, roles } from '../../functions/core/authorization/roles.ts';

const asked = Object.entries(permissions).filter(([, { least }]) => least !== 'public');

const BANNER = '// Made from the table of roles by `npm run generate`; do not edit.';

/** The whole of client/permissions.generated.ts: what the console decides by. */
export function permissionTable(): string {
  const table = asked.map(([action, { does: _does, grants, ...permission }]) => [
    action,
    { ...permission, ...(grants && { tokens: grants.tokens }) },
  ]);
  return `${BANNER}
export const roles = ${JSON.stringify(roles)} as const;

export type Role = (typeof roles)[number];

export interface Permission {
  /** The least that it needs: a role, or one of the others. */
  least: Role | 'signed-in' | 'person' | 'platform';
  /** In a protected environment, where that is more. */
  protected?: Role;
  /** Open to a token that is limited to some environments, though it is about the whole project. */
  acrossEnvironments?: true;
  /** Whether tokens may do what gives access: never, or those that were made for it. */
  tokens?: 'never' | 'allowed';
}

const table = ${JSON.stringify(Object.fromEntries(table), null, 2)} as const satisfies Record<string, Permission>;

export type Action = keyof typeof table;

export const permissions: Readonly<Record<Action, Permission>> = table;
`;
}

/** The whole of client/permission-words.generated.ts: the same for people, which few pages need. */
export const permissionWords = (): string => `${BANNER}
import type { Action, Role } from './permissions.generated.ts';

/** Go on from "may". */
export const actionWords: Readonly<Record<Action, string>> = ${JSON.stringify(
  Object.fromEntries(asked.map(([action, { does }]) => [action, does])),
  null,
  2,
)};

export const roleSummaries: Readonly<Record<Role, string>> = ${JSON.stringify(roleSummaries, null, 2)};
`;
