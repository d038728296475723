/** Promotes what serves in an environment: along the pipeline, or to environments of one's choice. */
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import { useState } from 'react';
import type { PipelineStanding } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { promotionsPath } from '../../api/pipelines.ts';
import { notify } from '../../app/notifications.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { ChoiceField } from '../../components/forms/fields.tsx';
import { plain } from '../../components/plain.ts';
import { versionWord } from '../../components/version.tsx';

/** Stands for environments that are chosen one by one. */
const CHOSEN = '#chosen';

interface PromoteDialogProps {
  project: string;
  service: string;
  stages: PipelineStanding['stages'];
  onClose(): void;
}

export function PromoteDialog({ project, service, stages, onClose }: PromoteDialogProps) {
  const all = stages.flatMap(({ environments }) => environments);
  const serving = all.filter(({ version }) => version !== undefined);
  // What has most to give: the first that somebody is behind.
  const [from, setFrom] = useState(serving[0]?.environment ?? '');
  const at = stages.findIndex(({ environments }) =>
    environments.some(({ environment }) => environment === from),
  );
  const next = stages.slice(at + 1);
  const [through, setThrough] = useState<string>();
  const [to, setTo] = useState<readonly string[]>([]);
  const target = next.some(({ name }) => name === through) || through === CHOSEN ? through : next[0]?.name;
  const isChosen = target === undefined || target === CHOSEN;
  const others = all.map(({ environment }) => environment).filter((one) => one !== from);
  const chosen = to.filter((one) => others.includes(one));
  const promote = async () => {
    await body(
      api.POST(promotionsPath, {
        params: { path: { project, service } },
        body: { fromEnvironment: from, ...(isChosen ? { to: chosen } : { through: target }) },
      }),
    );
    notify({ type: 'success', content: `The promotion of ${service} from ${from} is under way.` });
  };
  return (
    <ActionDialog
      header={`Promote ${service}`}
      act="Promote"
      disabled={from === '' || (isChosen && chosen.length === 0)}
      run={promote}
      onClose={onClose}
    >
      <ChoiceField<string>
        label="What serves in"
        value={from}
        choices={serving.map(({ environment, version = '', revision }) => ({
          value: environment,
          label: environment,
          description: `Version ${plain(versionWord(version, revision))}${revision?.message === undefined ? '' : `: ${plain(revision.message)}`}`,
        }))}
        onChange={setFrom}
      />
      <ChoiceField<string>
        label="Goes to"
        value={target ?? CHOSEN}
        choices={[
          ...next.map(({ name, environments }, index) => ({
            value: name,
            label: index === 0 ? `the next stage, ${name}` : `each stage up to ${name}`,
            description: next
              .slice(0, index + 1)
              .map((stage) => stage.environments.map(({ environment }) => environment).join(' and '))
              .join(', then '),
            ...(environments.length === 0 && { disabled: true }),
          })),
          { value: CHOSEN, label: 'environments that I choose', description: 'One after the other' },
        ]}
        onChange={setThrough}
      />
      {isChosen && (
        <FormField
          label="Environments"
          description={chosen.length > 1 ? `In this order: ${chosen.join(', then ')}.` : undefined}
        >
          <div className="row">
            {others.map((name) => (
              <Checkbox
                key={name}
                checked={chosen.includes(name)}
                onChange={({ detail }) =>
                  setTo(detail.checked ? [...chosen, name] : chosen.filter((one) => one !== name))
                }
              >
                {name}
              </Checkbox>
            ))}
          </div>
        </FormField>
      )}
      <p className="soft small">
        The very same version, stage by stage. It waits for approvals and while a stage is to bake, and stops
        at the first failure; what has succeeded stays.
      </p>
    </ActionDialog>
  );
}
