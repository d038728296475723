/** Whether the audit trail is whole: each seal is computed anew when one asks. */
import Alert from '@cloudscape-design/components/alert';
import { useState } from 'react';
import type { AuditReport } from '../../../../../client/types.generated.ts';
import { api, body } from '../../../api/client.ts';
import { Guarded } from '../../../components/access/guarded.tsx';
import { useAction } from '../../../components/dialogs/use-action.ts';
import { plain } from '../../../components/plain.ts';
import { Ago } from '../../../components/time.tsx';

export function Verification({ project }: { project: string }) {
  const [report, setReport] = useState<AuditReport>();
  const { busy, run } = useAction(async () => {
    const params = { path: { project } };
    setReport(await body(api.GET('/v1/projects/{project}/audit/verification', { params })));
    return undefined;
  }, 'It was not verified');
  return (
    <Alert
      type={report === undefined ? 'info' : report.intact ? 'success' : 'error'}
      header={
        report === undefined
          ? 'Is the trail whole?'
          : report.intact
            ? `All ${report.events} events are as they were sealed.`
            : 'The trail is not as it was sealed.'
      }
      action={
        <Guarded action="audit.read" loading={busy} onClick={run}>
          Verify
        </Guarded>
      }
    >
      <div role="status">
        {report ? (
          <Report of={report} />
        ) : (
          'Each seal is computed anew, and compared with what is kept outside of the store.'
        )}
      </div>
    </Alert>
  );
}

function Report({ of: { anchor, unanchored, faults } }: { of: AuditReport }) {
  return (
    <>
      {anchor ? (
        <p>
          Event {anchor.number} is kept outside of the store, from <Ago at={anchor.at} />; {unanchored} are
          newer.
        </p>
      ) : (
        <p>Nothing of it is kept outside of the store yet.</p>
      )}
      {faults.length > 0 && (
        <ul>
          {faults.map(({ kind, number, detail }) => (
            <li key={`${kind} ${number} ${detail}`}>
              Event {number}: {kind}. {plain(detail)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
