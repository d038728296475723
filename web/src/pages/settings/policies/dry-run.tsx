/** What a policy would have refused of the deployments that there were. */
import Alert from '@cloudscape-design/components/alert';
import { Link } from 'wouter';
import type { PolicyDryRun } from '../../../../../client/types.generated.ts';
import { servicePath } from '../../../app/paths.ts';
import { personWord } from '../../../components/access/who.tsx';
import { plain } from '../../../components/plain.ts';
import { Ago } from '../../../components/time.tsx';

const SHOWN_MAX = 10;

export function DryRun({ of: { considered, refused, truncated } }: { of: PolicyDryRun }) {
  const what =
    considered === 0
      ? 'There is no deployment of the last 30 days to try it on.'
      : `It would have refused ${refused.length} of ${considered} deployments of the last 30 days.`;
  return (
    <div role="status">
      <Alert type={refused.length === 0 ? 'info' : 'warning'} header={what}>
        {refused.length > 0 && (
          <ul className="plain-list lines">
            {refused
              .slice(0, SHOWN_MAX)
              .map(({ project, environment, service, number, at, by, violation }) => (
                <li key={`${environment} ${service} ${number}`}>
                  <Link href={servicePath({ project, environment, service }, 'history')}>
                    {service} in {environment}, #{number}
                  </Link>{' '}
                  <span className="soft">
                    <Ago at={at} /> by {personWord(by)}: {plain(violation.fact)}
                  </span>
                </li>
              ))}
          </ul>
        )}
        {refused.length > SHOWN_MAX && <p>And {refused.length - SHOWN_MAX} more.</p>}
        {truncated && <p>There were more deployments than are tried at once: these are the newest.</p>}
        {considered > 0 && refused.length === 0 && <p>Nothing that there was would have been stopped.</p>}
      </Alert>
    </div>
  );
}
