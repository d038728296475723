/** Clone, sleep, wake, stay longer, office hours. */
import type { Environment } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { Clone } from './clone-dialog.tsx';
import { Hours } from './hours-dialog.tsx';

export function EnvironmentActions({ environment }: { environment: Environment }) {
  const { state, expiresAt } = environment;
  return (
    <>
      {expiresAt !== undefined && !['destroying', 'destroyed'].includes(state) && (
        <Extend environment={environment} />
      )}
      {!['destroying', 'destroyed'].includes(state) && <Hours environment={environment} />}
      {!['destroying', 'destroyed', 'provisioning', 'failed'].includes(state) && (
        <Clone environment={environment} />
      )}
      <Power environment={environment} />
    </>
  );
}

/** One button for both ways, so that the focus stays on it while the environment falls asleep or wakes up. */
function Power({ environment }: { environment: Environment }) {
  const { project, name, state } = environment;
  const path = { project, environment: name };
  const isAsleep = state === 'hibernated' || state === 'expired' || state === 'waking';
  const { busy, run } = useAction(
    async () => {
      if (isAsleep) {
        await body(api.POST('/v1/projects/{project}/environments/{environment}/wake', { params: { path } }));
        return `${name} is waking up.`;
      }
      await body(
        api.POST('/v1/projects/{project}/environments/{environment}/hibernate', { params: { path } }),
      );
      return `${name} is going to sleep.`;
    },
    isAsleep ? 'It was not woken' : 'It was not put to sleep',
  );
  if (!['ready', 'hibernating', 'hibernated', 'expired', 'waking'].includes(state)) return null;
  const goesOn = state === 'hibernating' || state === 'waking';
  return (
    <Guarded
      action="environment.update"
      where={environment}
      variant={isAsleep ? 'primary' : 'normal'}
      loading={busy || goesOn}
      onClick={run}
    >
      {isAsleep ? 'Wake' : 'Hibernate'}
    </Guarded>
  );
}

function Extend({ environment }: { environment: Environment }) {
  const { project, name } = environment;
  const { busy, run } = useAction(async () => {
    const { expiresAt } = await body(
      api.POST('/v1/projects/{project}/environments/{environment}/extend', {
        params: { path: { project, environment: name } },
        body: { by: '1d' },
      }),
    );
    return expiresAt && `${name} now stays until ${new Date(expiresAt).toLocaleString()}.`;
  }, 'It was not extended');
  return (
    <Guarded action="environment.update" where={environment} loading={busy} onClick={run}>
      Extend by 1 day
    </Guarded>
  );
}
