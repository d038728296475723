/** What the pages of a project's settings have in common. */
import Alert from '@cloudscape-design/components/alert';
import type { ReactNode } from 'react';
import type { Action } from '../../../../client/permissions.generated.ts';
import { type SettingsPage, settingsPages, settingsPath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { useMay } from '../../components/access/guarded.tsx';
import { Crumbs } from '../../components/page/crumbs.tsx';

interface SettingsProps {
  project: string;
  page: SettingsPage;
  /** What it is for, in a sentence or two. */
  lead: ReactNode;
  /** What makes a new one. */
  action?: ReactNode;
  /** What looking at it takes; who may not is told why. */
  reads: Action;
  children: ReactNode;
}

export function Settings({ project, page, lead, action, reads, children }: SettingsProps) {
  const { disabled, disabledReason } = useMay()(reads);
  const label = settingsPages.find(({ id }) => id === page)?.label ?? page;
  return (
    <div className="stack">
      <Crumbs project={project} of={[['Settings', settingsPath(project)], [label]]} />
      <div>
        <div className="row">
          <Title text={`${label} · ${project}`}>{label}</Title>
          {action !== undefined && disabledReason === undefined && (
            <span className="row row-end">{action}</span>
          )}
        </div>
        <p className="soft page-lead">{lead}</p>
      </div>
      {disabledReason === undefined ? (
        !disabled && children
      ) : (
        <Alert type="info" header="You may not look at this.">
          {disabledReason}
        </Alert>
      )}
    </div>
  );
}
