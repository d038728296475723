/** What a service uses, and how it answers, over time, with the deployments in between. */
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import { Link, useSearchParams } from 'wouter';
import type { Deployment } from '../../../../client/types.generated.ts';
import { apiPath, useDeployments, useMetrics } from '../../api/read.ts';
import { operationPath } from '../../app/paths.ts';
import { Who } from '../../components/access/who.tsx';
import { Command } from '../../components/command.tsx';
import { curl } from '../../components/curl.ts';
import { ExternalLink } from '../../components/external-link.tsx';
import { Figures } from '../../components/figures/figures.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago, useNow } from '../../components/time.tsx';
import { VersionName } from '../../components/version.tsx';
import type { ServiceTabProps } from '../service.tsx';

/** Times on show, milliseconds. */
const windows = {
  '15m': { ms: 900_000, text: '15 minutes' },
  '1h': { ms: 3_600_000, text: '1 hour' },
  '6h': { ms: 6 * 3_600_000, text: '6 hours' },
  '1d': { ms: 86_400_000, text: '24 hours' },
  '7d': { ms: 7 * 86_400_000, text: '7 days' },
  '30d': { ms: 30 * 86_400_000, text: '30 days' },
} as const;
type Window = keyof typeof windows;
const isWindow = (text: string | null): text is Window => text !== null && Object.hasOwn(windows, text);

/** Deployments that are looked through for those in the time on show. */
const DEPLOYMENTS = 50;

/** When it began to serve, or was given up. @returns epoch milliseconds */
const servedAt = ({ finishedAt, createdAt }: Deployment): number => Date.parse(finishedAt ?? createdAt);

export default function MetricsTab({ place, instance }: ServiceTabProps) {
  const [query, setQuery] = useSearchParams();
  const given = query.get('window');
  const window: Window = isWindow(given) ? given : '1h';
  const { data, error } = useMetrics(place, window);
  const { data: deployments } = useDeployments(place, DEPLOYMENTS);
  const to = useNow();
  const from = to - windows[window].ms;
  const shown = (deployments?.items ?? []).filter((one) => servedAt(one) >= from);
  const hasRequests = data === undefined || data.requests.length > 0 || data.missing !== undefined;
  return (
    <div className="stack">
      <SegmentedControl
        label="Time on show"
        selectedId={window}
        options={Object.entries(windows).map(([id, { text }]) => ({ id, text }))}
        onChange={({ detail }) => setQuery({ window: detail.selectedId }, { replace: true })}
      />
      {error && <p role="alert">{plain(error.message)}</p>}
      {!hasRequests && instance.url !== undefined && (
        <p>
          Nobody has asked it in this time: open <ExternalLink href={instance.url} /> and look again.
        </p>
      )}
      {data ? (
        <Figures
          of={data}
          range={{ from, to }}
          markers={shown.map((one) => ({ at: servedAt(one), label: `#${one.number}` }))}
        />
      ) : (
        !error && <Loading />
      )}
      {shown.length > 0 && <DeploymentsShown of={shown} />}
      {data && data.totals.requests > 0 && (
        <p className="soft">
          {data.totals.requests.toLocaleString('en')} requests in this time,{' '}
          {data.totals.errors.toLocaleString('en')} of them answered with a status of 500 or more.
        </p>
      )}
      <details>
        <summary>The same by curl</summary>
        <Command text={curl('GET', `${apiPath(place)}/metrics?window=${window}`)} />
      </details>
    </div>
  );
}

function DeploymentsShown({ of }: { of: readonly Deployment[] }) {
  return (
    <section aria-labelledby="deployments-shown">
      <h3 id="deployments-shown">Deployments in this time</h3>
      <ul className="plain-list">
        {of.map(({ project, number, operation, version, revision, status, createdAt, createdBy }) => (
          <li key={number} className="row">
            <Link href={operationPath(project, operation)}>#{number}</Link>
            <VersionName version={version} revision={revision} />
            <Status of={status} />
            <span className="soft small">
              <Ago at={createdAt} /> by <Who id={createdBy} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
