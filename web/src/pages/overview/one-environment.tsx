/** What a phone shows of a board that has too many cells for it: which environment, and services by their names. */
import { useId, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { Environment, Instance } from '../../../../client/types.generated.ts';
import { environmentPath } from '../../app/paths.ts';
import { Status } from '../../components/status.tsx';

/** The choice is in the address, so that going back comes to the same environment. */
export function useOneEnvironment(environments: readonly Environment[]) {
  const [query, setQuery] = useSearchParams();
  const [find, setFind] = useState('');
  const wanted = query.get('environment');
  const chosen = environments.find(({ name }) => name === wanted) ?? environments[0]!;
  return {
    chosen,
    choose: (environment: string) => setQuery({ environment }, { replace: true }),
    find,
    setFind,
  };
}

/** States that somebody may have to do something about, and those that pass by themselves. */
const told: readonly Instance['state'][] = ['failed', 'degraded', 'unknown', 'deploying'];

/** @returns such as "staging: 2 failed, 1 deploying" */
export function environmentWords(name: string, instances: readonly Instance[]): string {
  const counts = told.flatMap((state) => {
    const count = instances.filter((one) => one.environment === name && one.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return counts.length === 0 ? name : `${name}: ${counts.join(', ')}`;
}

interface OneEnvironmentProps {
  environments: readonly Environment[];
  instances: readonly Instance[];
  chosen: Environment;
  onChoose(name: string): void;
  /** A part of names of services. */
  find: string;
  onFind(text: string): void;
}

export function OneEnvironment({
  environments,
  instances,
  chosen,
  onChoose,
  find,
  onFind,
}: OneEnvironmentProps) {
  const id = useId();
  return (
    <div className="one-environment-bar">
      <div className="field">
        <label htmlFor={`${id}-environment`}>Environment</label>
        <select
          id={`${id}-environment`}
          value={chosen.name}
          onChange={({ target }) => onChoose(target.value)}
        >
          {environments.map(({ name }) => (
            <option key={name} value={name}>
              {environmentWords(name, instances)}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={`${id}-find`}>Service</label>
        <input
          id={`${id}-find`}
          type="search"
          value={find}
          placeholder="All services"
          spellCheck={false}
          autoCapitalize="none"
          onChange={({ target }) => onFind(target.value.trim().toLowerCase())}
        />
      </div>
      <p className="row">
        <Link href={environmentPath({ project: chosen.project, environment: chosen.name })}>
          {chosen.name}
        </Link>
        <Status of={chosen.state} />
        <span className="soft small">{chosen.kind}</span>
      </p>
    </div>
  );
}
