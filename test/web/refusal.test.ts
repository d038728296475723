import { describe, expect, it } from 'vitest';
import { type Action, permissions, roles } from '../../client/permissions.generated.ts';
import { refusalOf } from '../../client/refusal.ts';
import { decide, type Grant, standingIn } from '../../functions/core/authorization/decide.ts';
import type { Principal } from '../../functions/core/model/index.ts';

const base = { id: 'user:ada', groups: [], administrator: false };
const token = { ...base, id: 'token:1', kind: 'token' as const, owner: 'user:ada' };

const principals: Principal[] = [
  { ...base, kind: 'user' },
  { ...base, kind: 'user', administrator: true },
  { ...base, id: 'administrator', kind: 'system', administrator: true },
  { ...token, limits: { role: 'administrator' } },
  { ...token, limits: { role: 'maintainer', createsTokens: true } },
  { ...token, administrator: true, limits: { role: 'administrator', createsTokens: true } },
  { ...token, limits: { role: 'maintainer', project: 'demo', environments: ['dev'], createsTokens: true } },
  {
    ...base,
    id: 'ci:x',
    kind: 'workflow',
    limits: { role: 'developer', project: 'demo', environments: ['dev'] },
  },
];

const memberships: Grant[] = [
  ...roles.map((role) => ({ role })),
  { role: 'viewer', environments: { dev: 'maintainer' } },
  { role: 'administrator', environments: { dev: 'viewer' } },
];

const places = [
  undefined,
  { name: 'dev' },
  { name: 'dev', protection: { approval: true } },
  { name: 'prod', protection: { approval: true } },
];

const actions = Object.keys(permissions) as Action[];

describe('What the console disables', () => {
  it('is exactly what the API would refuse, for everybody, everywhere', () => {
    const wrong: string[] = [];
    let compared = 0;
    for (const principal of principals) {
      for (const grant of memberships) {
        const standing = standingIn(principal, [grant], 'demo');
        const access = standing && { role: standing.role, environments: standing.environments ?? {} };
        for (const where of places) {
          for (const action of actions) {
            const { least } = permissions[action];
            const isInProject = (roles as readonly string[]).includes(least);
            const target = {
              project: 'demo',
              ...(where && { environment: where.name }),
              ...(where?.protection && { protected: true }),
            };
            const { allowed } = decide(
              principal,
              [grant],
              { action, scope: isInProject ? 'project' : 'platform' },
              isInProject ? target : {},
            );
            compared += 1;
            if (allowed !== (refusalOf(principal, access, action, where) === undefined))
              wrong.push(
                `${JSON.stringify([principal.limits, principal.kind, grant, where, action])}: ${allowed}`,
              );
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(10_000);
  });

  it('is told with the role that it takes, and whether that is for the protection', () => {
    const viewer = { kind: 'user' as const, administrator: false };
    const access = { role: 'viewer' as const, environments: { dev: 'developer' as const } };
    expect(refusalOf(viewer, access, 'deployment.create')).toEqual({
      why: 'role',
      needs: 'developer',
      has: 'viewer',
      isProtected: false,
    });
    expect(refusalOf(viewer, access, 'variable.write', { name: 'dev' })).toBeUndefined();
    expect(refusalOf(viewer, access, 'variable.write', { name: 'dev', protection: {} })).toEqual({
      why: 'role',
      needs: 'maintainer',
      has: 'developer',
      isProtected: true,
    });
  });
});
