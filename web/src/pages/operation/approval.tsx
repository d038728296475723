/** A deployment that waits for a second person. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import type { Operation } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useAction } from '../../components/dialogs/use-action.ts';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';

const BASE = '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}';

export function WaitsForApproval({ operation }: { operation: Operation }) {
  const { approval, project, environment = '', service = '', number } = operation;
  const params = { path: { project, environment, service, number: String(number) } };
  const approve = useAction(async () => {
    await body(api.POST(`${BASE}/approve`, { params }));
    return 'It was approved, and starts.';
  }, 'It was not approved');
  const reject = useAction(async () => {
    await body(api.POST(`${BASE}/reject`, { params, body: {} }));
    return 'It was rejected.';
  }, 'It was not rejected');
  if (approval?.state !== 'pending') return null;
  return (
    <Alert
      type="info"
      header="It waits for approval"
      action={
        <span className="row">
          <Button loading={approve.busy} onClick={approve.run}>
            Approve
          </Button>
          <Button loading={reject.busy} onClick={reject.run}>
            Reject
          </Button>
        </span>
      }
    >
      {plain(approval.requestedBy)} asked for it; somebody else has to approve. It is given up{' '}
      <Ago at={approval.expiresAt} />.
    </Alert>
  );
}
