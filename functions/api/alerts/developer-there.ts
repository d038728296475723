import { exceeding, type Standing } from '../../core/authorization/decide.ts';
import { Problem } from '../../core/problem.ts';

/**
 * What is told of an environment is for its developers: a role in the project alone is not enough where somebody has less there.
 * @param environment all of the project's without it
 * @throws Problem forbidden
 */
export function refuseUnlessDeveloper(
  { standing }: { standing(): Standing | undefined },
  environment: string | undefined,
): void {
  const has = standing() ?? { role: 'viewer' };
  const names = environment === undefined ? Object.keys(has.environments ?? {}) : [environment];
  const there = names.find((name) =>
    exceeding(has, { role: 'viewer', environments: { [name]: 'developer' } }),
  );
  if (there === undefined) return;
  throw new Problem('forbidden', `You are no developer in environment "${there}", whose alerts these are.`, {
    hint: 'Name an environment in which you are one, or ask a maintainer of the project.',
  });
}
