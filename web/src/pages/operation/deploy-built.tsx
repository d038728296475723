/** A build that is done: deploying what it made is one click. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import type { Operation } from '../../../../client/types.generated.ts';
import { deploy } from '../../api/deploy.ts';
import { useOverview } from '../../api/read.ts';
import { followLink } from '../../app/navigation.ts';
import { deployPath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { pipelineOrder } from '../overview/pipeline-order.ts';

/** Environments that have a button of their own; the others are a page away. */
const BUTTONS = 3;

export function DeployBuilt({ operation }: { operation: Operation }) {
  const { kind, status, project, service, result } = operation;
  const version = kind === 'build' && status === 'succeeded' ? result?.version : undefined;
  const { data: overview } = useOverview(version === undefined ? undefined : project);
  const [busy, setBusy] = useState<string>();
  if (typeof version !== 'string' || service === undefined || !overview) return null;
  const ready = pipelineOrder(overview.environments).filter(({ state }) => state === 'ready');
  return (
    <Alert
      type="success"
      header={`Version ${version} is ready to deploy`}
      action={
        <span className="row">
          {ready.slice(0, BUTTONS).map(({ name }, index) => (
            <Guarded
              key={name}
              action="deployment.create"
              where={{ name }}
              variant={index === 0 ? 'primary' : 'normal'}
              loading={busy === name}
              onClick={() => {
                if (busy !== undefined) return;
                setBusy(name);
                void deploy({ project, environment: name, service }, { version }).finally(() =>
                  setBusy(undefined),
                );
              }}
            >
              {`Deploy to ${name}`}
            </Guarded>
          ))}
          <Button href={deployPath(project, { service, version })} onFollow={followLink}>
            See what changes first
          </Button>
        </span>
      }
    >
      It goes out with one click, as far as the rules of the environment let it.
    </Alert>
  );
}
