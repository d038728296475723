/** A service along the pipeline: which version serves where, and what each environment is behind. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Operation, PipelineStanding } from '../../../../client/types.generated.ts';
import { useNewestPromotion, useStanding } from '../../api/pipelines.ts';
import { servicePath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import { RevisionLine, VersionName } from '../../components/version.tsx';
import { PromoteDialog } from './promote-dialog.tsx';
import { PromotionCard } from './promotion-card.tsx';
import { bakeWord } from './stages.ts';

type Standing = PipelineStanding['stages'][number]['environments'][number];

interface ServiceCardProps {
  project: string;
  service: string;
  approvals: readonly Operation[];
}

export function ServiceCard({ project, service, approvals }: ServiceCardProps) {
  const box = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(box);
  // Of many services, those are read that one sees.
  const { data: standing, error } = useStanding(project, isSeen ? service : undefined);
  const { data: promotion } = useNewestPromotion(project, isSeen ? service : undefined);
  const [isOpen, setOpen] = useState(false);
  const stages = standing?.stages ?? [];
  const refused =
    standing?.promotion !== undefined
      ? 'A promotion of it is under way: wait until it has ended, or cancel it.'
      : stages.every(({ environments }) => environments.every(({ version }) => version === undefined))
        ? 'It serves nowhere along the pipeline yet: deploy it first.'
        : undefined;
  // What succeeded is seen by what serves; what did not is said until something newer comes.
  const isTold = promotion && promotion.state !== 'succeeded';
  return (
    <div ref={box}>
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <Guarded
                action="promotion.create"
                onClick={() => setOpen(true)}
                ariaLabel={`Promote ${service}`}
                {...(!standing && { disabled: true })}
                {...(refused !== undefined && { disabled: true, disabledReason: refused })}
              >
                Promote …
              </Guarded>
            }
          >
            {service}
          </Header>
        }
      >
        {error && !standing && <p role="alert">{plain(error.message)}</p>}
        {!standing && !error && <Loading />}
        <ol className="plain-list stages" aria-label={`${service} by stage`}>
          {stages.map(({ name, bakeSeconds, environments }, at) => (
            <li key={name} className="stage">
              <h3>
                {name}
                {bakeSeconds > 0 && <span className="soft small"> bakes {bakeWord(bakeSeconds)}</span>}
              </h3>
              {environments.map((one) => (
                <Serving
                  key={one.environment}
                  project={project}
                  service={service}
                  stage={name}
                  of={one}
                  ahead={stages[at - 1]?.name}
                />
              ))}
            </li>
          ))}
        </ol>
        {isTold && <PromotionCard promotion={promotion} approvals={approvals} />}
      </Container>
      {isOpen && (
        <PromoteDialog project={project} service={service} stages={stages} onClose={() => setOpen(false)} />
      )}
    </div>
  );
}

interface ServingProps {
  project: string;
  service: string;
  stage: string;
  of: Standing;
  /** The stage before; absent for the first, which is behind what was built. */
  ahead: string | undefined;
}

function Serving({ project, service, stage, of, ahead }: ServingProps) {
  const { environment, version, revision, since, behind, behindMore } = of;
  return (
    <div className="stage-serving">
      {environment !== stage && <div className="small">{environment}</div>}
      {version === undefined ? (
        <span className="soft">nothing serves here</span>
      ) : (
        <>
          <Link href={servicePath({ project, environment, service })}>
            <span className="unseen">
              {service} in {environment}:{' '}
            </span>
            <VersionName version={version} revision={revision} />
          </Link>
          <RevisionLine revision={revision} />
          {since !== undefined && (
            <span className="soft small">
              deployed <Ago at={since} />
            </span>
          )}
        </>
      )}
      {behind.length > 0 ? (
        <details>
          <summary>
            {ahead ?? 'Built'}: {behind.length}
            {behindMore && '+'} {behind.length === 1 ? 'version' : 'versions'} ahead
          </summary>
          <ul className="plain-list behind">
            {behind.map((one) => (
              <li key={one.version}>
                <VersionName version={one.version} revision={one.revision} />{' '}
                <RevisionLine revision={one.revision} />{' '}
                <span className="soft small">
                  built <Ago at={one.createdAt} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      ) : (
        version !== undefined &&
        ahead !== undefined && <span className="soft small">nothing newer in {ahead}</span>
      )}
    </div>
  );
}

/** So far away from what one sees a card is read already. */
const NEAR = '400px';

/** Whether it is near what one sees. */
function useSeen(box: React.RefObject<HTMLElement | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!box.current) return;
    const observer = new IntersectionObserver(
      (entries) => setSeen(entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: NEAR },
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
  return isSeen;
}
