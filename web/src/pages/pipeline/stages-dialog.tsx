/** In which order versions come to the environments. */
import { useState } from 'react';
import type { Pipeline } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { pipelinePath } from '../../api/pipelines.ts';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { LinesField } from '../../components/forms/fields.tsx';
import { stageLine, stagesOf } from './stages.ts';

interface StagesDialogProps {
  project: string;
  pipeline: Pipeline | undefined;
  /** Names that there are, in the order in which they were made. */
  environments: readonly string[];
  onClose(): void;
}

export function StagesDialog({ project, pipeline, environments, onClose }: StagesDialogProps) {
  const [text, setText] = useState(() => (pipeline?.stages.map(stageLine) ?? environments).join('\n'));
  const stages = stagesOf(text);
  return (
    <ActionDialog
      header="Stages of the pipeline"
      act="Save"
      disabled={stages.length === 0}
      run={async () => {
        await api.PUT(pipelinePath, { params: { path: { project } }, body: { stages } });
      }}
      onClose={onClose}
    >
      <LinesField
        label="Stages"
        description="A stage a line, in the order in which versions come to them."
        constraint="“staging” is the environment of that name, “staging@30m” one where a version serves for 30 minutes before it goes on, “production=eu,us” two that get it together."
        value={text}
        rows={6}
        onChange={setText}
      />
      <p className="soft small">Promotions that are under way go on as they began.</p>
    </ActionDialog>
  );
}
