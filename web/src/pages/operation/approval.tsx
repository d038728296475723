/** A deployment that waits for a second person. */
import Alert from '@cloudscape-design/components/alert';
import type { Operation } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { Ago } from '../../components/time.tsx';
import { useSession } from '../../session.ts';

const BASE = '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}';

export function WaitsForApproval({ operation }: { operation: Operation }) {
  const { approval, project, environment = '', service = '', number } = operation;
  const { principal } = useSession();
  const params = { path: { project, environment, service, number: String(number) } };
  const approve = useAction(async () => {
    await body(api.POST(`${BASE}/approve`, { params }));
    return 'It was approved, and starts.';
  }, 'It was not approved');
  const reject = useAction(async () => {
    await body(api.POST(`${BASE}/reject`, { params, body: {} }));
    return 'It was refused, and is not deployed.';
  }, 'It was not refused');
  if (approval?.state !== 'pending') return null;
  const isOwn = approval.requestedBy === (principal?.owner ?? principal?.id);
  const own = isOwn && {
    disabled: true,
    disabledReason: 'You asked for it yourself: somebody else has to approve it.',
  };
  const which = `deployment ${number} of ${service} to ${environment}`;
  return (
    <Alert
      type="info"
      header="It waits for approval"
      action={
        <span className="row">
          <Guarded
            action="deployment.approve"
            where={{ name: environment }}
            variant="primary"
            ariaLabel={`Approve ${which}`}
            loading={approve.busy}
            onClick={approve.run}
            {...own}
          >
            Approve
          </Guarded>
          <Guarded
            action="deployment.approve"
            where={{ name: environment }}
            ariaLabel={`Refuse ${which}`}
            loading={reject.busy}
            onClick={reject.run}
            {...own}
          >
            Refuse
          </Guarded>
        </span>
      }
    >
      {isOwn ? 'You' : <Who id={approval.requestedBy} />} asked for it; somebody else has to approve. It
      expires <Ago at={approval.expiresAt} />, and is not deployed then.
    </Alert>
  );
}
