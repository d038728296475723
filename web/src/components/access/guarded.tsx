/** Buttons of what who is signed in may not do are disabled, with the reason and whom to ask. */
import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import { type Action, permissions } from '../../../../client/permissions.generated.ts';
import { type Refusal, refusalOf, type Where } from '../../../../client/refusal.ts';
import type { Member } from '../../../../client/types.generated.ts';
import { useAccess, useSomeMembers } from '../../api/access.ts';
import { useCurrentProject } from '../../app/projects.ts';
import { useSession } from '../../session.ts';
import { danger } from '../danger.ts';
import { personWord } from './who.tsx';

/** What a control is given: nothing where it may be used. */
export interface Guard {
  disabled?: boolean;
  /** Undefined while it is not known yet. */
  disabledReason?: string;
}

/** @param where the environment that the action is about */
export type May = (action: Action, where?: Where) => Guard;

/**
 * Answers for the project that the address names.
 * @example const may = useMay(); <Button {...may('deployment.create', environment)}>Deploy</Button>
 */
export function useMay(): May {
  const project = useCurrentProject();
  const { principal } = useSession();
  const isUnbound = principal?.administrator === true && principal.limits === undefined;
  const { data: access } = useAccess(isUnbound ? undefined : project);
  const hasAll = isUnbound || !access || access.role === 'administrator';
  const { data: members } = useSomeMembers(hasAll ? undefined : project);
  return (action, where) => {
    if (!principal) return { disabled: true };
    if (isUnbound) return {};
    const isInProject = isRoleOf(action);
    if (isInProject && !access) return { disabled: true };
    const refusal = refusalOf(principal, access, action, where);
    return refusal ? { disabled: true, disabledReason: reason(refusal, project, where, members) } : {};
  };
}

const isRoleOf = (action: Action): boolean =>
  !['signed-in', 'person', 'platform'].includes(permissions[action].least);

const NAMED_MAX = 3;

function reason(
  refusal: Refusal,
  project: string | undefined,
  where: Where | undefined,
  members: readonly Member[] = [],
): string {
  switch (refusal.why) {
    case 'platform':
      return 'That is for those who run this installation of Berth: ask the platform team.';
    case 'people':
      return 'No token may do this: sign in yourself.';
    case 'limited':
      return 'Your token is limited to some environments: sign in yourself, or use one that is not.';
    case 'role': {
      const { needs, has, isProtected } = refusal;
      const names = members
        .filter(({ role }) => role === 'administrator')
        .map(({ principal }) => personWord(principal))
        .slice(0, NAMED_MAX);
      const whom = names.length === 0 ? `an administrator of ${project}` : `${names.join(' or ')} for it`;
      const why = isProtected && where ? `, for ${where.name} is protected` : '';
      const yours = has === undefined ? '' : ` Your role is ${has}.`;
      return `That takes the role ${needs}${why}.${yours} Ask ${whom}.`;
    }
  }
}

export interface GuardedProps extends ButtonProps {
  action: Action;
  /** The environment that it is about. */
  where?: Where;
  /** Something goes for good: it is red. */
  destroys?: boolean;
}

/** A button that is disabled, with the reason, where the action would be refused. */
export function Guarded({ action, where, destroys = false, ...button }: GuardedProps) {
  const guard = useMay()(action, where);
  const style = button.variant === 'inline-link' ? danger.link : danger.outlined;
  return <Button {...button} {...(destroys && !guard.disabled && { style })} {...guard} />;
}
