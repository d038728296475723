/** The way of a release in a line: built, approved, deployed, watched. */
import { Link } from 'wouter';
import type { Operation } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { operationPath } from '../../app/paths.ts';
import { Status } from '../../components/status.tsx';
import { Ago, useNow } from '../../components/time.tsx';
import type { Release } from './release.tsx';

/** It is watched for so long after it serves, milliseconds. */
const WATCHED_MS = 15 * 60_000;

const approvals = {
  pending: 'waiting',
  approved: 'succeeded',
  rejected: 'failed',
  expired: 'failed',
  canceled: 'canceled',
} as const;

/** The build that made the version, among those of the last 30 days. */
function useBuildOf(project: string, service: string, version: string) {
  const { data } = useQuery(
    `/v1/projects/${project}/services/${service}/builds?status=succeeded`,
    (signal) =>
      body(
        api.GET('/v1/projects/{project}/services/{service}/builds', {
          params: { path: { project, service }, query: { status: 'succeeded' } },
          signal,
        }),
      ),
    { isStill: true },
  );
  return data?.items.find((build) => build.version === version);
}

export function Stages({ operation, release }: { operation: Operation; release: Release }) {
  const { approval, status, endedAt } = operation;
  const { deployment, serves, place } = release;
  const build = useBuildOf(place.project, place.service, deployment.version);
  const now = useNow();
  const isWatched = endedAt !== undefined && now - Date.parse(endedAt) < WATCHED_MS;
  const decided = approval?.decidedAt;
  return (
    <ol className="stages" aria-label="Release">
      <li>
        <strong>Build</strong>
        {build ? (
          <>
            <Status of={build.status} />
            <Link className="small" href={operationPath(place.project, build.id)}>
              <Ago at={build.createdAt} />
            </Link>
          </>
        ) : (
          <span className="soft">made before</span>
        )}
      </li>
      {approval && (
        <li>
          <strong>Approve</strong>
          <Status of={approvals[approval.state]} />
          {decided !== undefined && (
            <span className="soft small">
              <Ago at={decided} />
            </span>
          )}
        </li>
      )}
      <li>
        <strong>Deploy</strong>
        <Status of={approval?.state === 'pending' ? 'pending' : status} />
      </li>
      <li>
        <strong>Watch</strong>
        {status !== 'succeeded' ? (
          <Status of={endedAt === undefined ? 'pending' : 'skipped'} />
        ) : isWatched && serves ? (
          <Status of="running" />
        ) : (
          <span className="soft">{serves ? 'serves' : 'something newer serves'}</span>
        )}
      </li>
    </ol>
  );
}
