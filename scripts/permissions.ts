/** The permissions as the console knows them: what takes which role is disabled there before it is refused. */
import { permissions, roleSummaries, roles } from '../functions/core/authorization/roles.ts';

/** The whole of client/permissions.generated.ts. */
export function permissionTable(): string {
  const table = Object.entries(permissions)
    .filter(([, { least }]) => least !== 'public')
    .map(([action, { grants, ...permission }]) => [
      action,
      { ...permission, ...(grants && { tokens: grants.tokens }) },
    ]);
  return `// Made from the table of roles by \`npm run generate\`; do not edit.
export const roles = ${JSON.stringify(roles)} as const;

export type Role = (typeof roles)[number];

export const roleSummaries: Readonly<Record<Role, string>> = ${JSON.stringify(roleSummaries, null, 2)};

/** The least that an action needs: a role, or \`signed-in\`, \`person\`, \`platform\`. */
export interface Permission {
  least: Role | 'signed-in' | 'person' | 'platform';
  /** In a protected environment, where that is more. */
  protected?: Role;
  /** Open to a token that is limited to some environments, though it is about the whole project. */
  acrossEnvironments?: true;
  /** Whether tokens may do what gives access: never, or those that were made for it. */
  tokens?: 'never' | 'allowed';
  /** Goes on from "may". */
  does: string;
}

const table = ${JSON.stringify(Object.fromEntries(table), null, 2)} as const satisfies Record<string, Permission>;

export type Action = keyof typeof table;

export const permissions: Readonly<Record<Action, Permission>> = table;
`;
}
