/** A deployment as a release: what it changes, how the service did before and after, and the way back. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import type { Deployment, Operation } from '../../../../client/types.generated.ts';
import { bringsVersion, deploy } from '../../api/deploy.ts';
import { useDeployments, useDiff, useInstance, useMetrics } from '../../api/read.ts';
import type { Place } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Changes } from '../../components/changes.tsx';
import { Figures } from '../../components/figures/figures.tsx';
import { plain } from '../../components/plain.ts';
import { useNow } from '../../components/time.tsx';
import { RevisionLine, VersionName, versionWord } from '../../components/version.tsx';
import { Commits } from './commits.tsx';

/** So many of the newest are looked through for the one before. */
const DEPLOYMENTS = 50;
/** Figures on show before it and after it, milliseconds. */
const AROUND_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;
const KEPT_MS = 30 * 24 * HOUR_MS;

export interface Release {
  place: Place;
  deployment: Deployment;
  /** What served before it. */
  before: Deployment | undefined;
  serves: boolean;
}

/** @returns undefined where the operation is of no deployment, and until it is read */
export function useRelease({
  project,
  environment = '',
  service = '',
  number,
}: Operation): Release | undefined {
  const place = { project, environment, service };
  const { items = [] } = useOf(number === undefined ? undefined : place) ?? {};
  const deployment = items.find((one) => one.number === number);
  const { data: instance } = useInstance(place, number !== undefined);
  if (!deployment) return undefined;
  const before = items.find(
    (one) => one.number < deployment.number && one.status === 'succeeded' && one.kind !== 'stop',
  );
  return { place, deployment, before, serves: instance?.current?.number === number };
}

const useOf = (place: Place | undefined) => useDeployments(place, DEPLOYMENTS).data;

/** The one way back, while it serves. */
export function RollBack({ release: { place, deployment, before, serves } }: { release: Release }) {
  const [busy, setBusy] = useState(false);
  if (!serves || !before || before.kind === 'remove' || !bringsVersion(deployment)) return null;
  return (
    <Guarded
      action="deployment.create"
      where={{ name: place.environment }}
      variant="primary"
      iconName="undo"
      loading={busy}
      onClick={() => {
        if (busy) return;
        setBusy(true);
        void deploy(place, { rollbackTo: before.number }).finally(() => setBusy(false));
      }}
    >
      {`Roll back to ${before.number} (${plain(versionWord(before.version, before.revision))})`}
    </Guarded>
  );
}

export function WhatChanges({ release: { place, deployment, before } }: { release: Release }) {
  const { number, version, revision } = deployment;
  const { data, error } = useDiff(place, before && { from: before.number, to: number });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={before ? `Beside deployment ${before.number}, which served before.` : undefined}
        >
          What it changes
        </Header>
      }
    >
      <div className="stack">
        <ul className="plain-list">
          {before && (
            <li className="row">
              <span className="soft">From</span>
              <VersionName version={before.version} revision={before.revision} />
              <RevisionLine revision={before.revision} />
            </li>
          )}
          <li className="row">
            <span className="soft">{before ? 'To' : 'The first deployment, of'}</span>
            <VersionName version={version} revision={revision} />
            <RevisionLine revision={revision} />
          </li>
        </ul>
        {before && (
          <Commits project={place.project} service={place.service} from={before.version} to={version} />
        )}
        {error && <p>{plain(error.message)}</p>}
        {data && <Changes of={data.changes} none="It is the same version with the same settings." />}
      </div>
    </Container>
  );
}

/** A quarter of an hour before it and after it; live until then. */
export function BeforeAndAfter({ release, operation }: { release: Release; operation: Operation }) {
  const { createdAt, endedAt, steps } = operation;
  const now = useNow();
  const from = Date.parse(createdAt) - AROUND_MS;
  const to = endedAt === undefined ? now : Math.min(now, Date.parse(endedAt) + AROUND_MS);
  const isMeant = steps.length > 0 && now - from < KEPT_MS;
  // Within an hour all is kept; the window grows by hours, so that it is seldom read by another name.
  const window = `${Math.max(1, Math.ceil((now - from) / HOUR_MS))}h`;
  const { data } = useMetrics(release.place, isMeant ? window : undefined);
  // Before it begins there is nothing to compare.
  if (!data || (data.requests.length === 0 && data.compute.length === 0)) return null;
  return (
    <section className="stack" aria-labelledby="before-and-after">
      <h2 id="before-and-after">Fifteen minutes before and after</h2>
      <Figures
        of={data}
        range={{ from, to }}
        markers={[
          {
            at: Date.parse(release.deployment.finishedAt ?? createdAt),
            label: `#${release.deployment.number}`,
          },
        ]}
      />
    </section>
  );
}
