/** The versions that a release brings, each with its commit; or those that a way back takes. */
import { useVersions } from '../../api/read.ts';
import { ExternalLink } from '../../components/external-link.tsx';
import { Ago } from '../../components/time.tsx';
import { RevisionLine, revisionOf, VersionName } from '../../components/version.tsx';
import { between } from './between.ts';

interface CommitsProps {
  project: string;
  service: string;
  /** Ids of versions. */
  from: string;
  to: string;
}

export function Commits({ project, service, from, to }: CommitsProps) {
  const { data } = useVersions(project, service);
  const found = data && between(data.items, from, to);
  // One that says no more than the line of its version does.
  if (!found || (found.versions.length < 2 && found.compare === undefined)) return null;
  const { versions, isBack, compare } = found;
  return (
    <section aria-labelledby="commits">
      <h3 id="commits">{isBack ? 'Versions that go' : 'Versions that it brings'}</h3>
      <ul className="plain-list lines">
        {versions.map((version) => (
          <li key={version.id} className="row">
            <VersionName version={version.id} revision={revisionOf(version)} />
            <RevisionLine revision={revisionOf(version)} />
            <span className="soft small">
              built <Ago at={version.createdAt} />
            </span>
          </li>
        ))}
      </ul>
      {compare !== undefined && <ExternalLink href={compare}>All commits between them</ExternalLink>}
    </section>
  );
}
