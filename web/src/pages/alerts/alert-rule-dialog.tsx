/** An alert rule by form. */
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import type { AlertRule } from '../../../../client/types.generated.ts';
import { isName } from '../../app/paths.ts';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { ChoiceField, LinesField, TextField } from '../../components/forms/fields.tsx';
import { type ConditionField, draftOf, fieldsOf, newRule, ruleOf } from './alert-rule-draft.ts';
import { firesWhen, kindLabels, kinds } from './rule-words.ts';

const fields: Readonly<Record<ConditionField, readonly [label: string, constraint: string]>> = {
  percent: ['Percent', 'Of answers, or of a budget: it fires above that'],
  minRequests: ['Least requests', 'With fewer nothing fires'],
  p99Ms: ['Milliseconds', 'Of the slowest of a hundred'],
  restarts: ['Restarts', '2 to 30, of all replicas together'],
  intervals: ['Intervals of the plan', '1 to 30'],
  days: ['Days before it ends', '1 to 90'],
  grace: ['Time after its bound', 'Such as 5m: 1m to 1h'],
  window: ['Within', 'Such as 5m: 1m to 1h'],
};

interface RuleDialogProps {
  /** Undefined: a new one. */
  rule?: AlertRule;
  /** Names of the others. */
  taken: readonly string[];
  save(rule: AlertRule): Promise<void>;
  onClose(): void;
}

export function RuleDialog({ rule, taken, save, onClose }: RuleDialogProps) {
  const [draft, setDraft] = useState(() => (rule ? draftOf(rule) : newRule('error-rate')));
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const wanted = ruleOf(draft);
  const name = draft.name.trim();
  const isTaken = taken.includes(name);
  return (
    <ActionDialog
      header={rule ? `Change ${rule.name}` : 'Add an alert rule'}
      act="Save"
      disabled={!wanted || !isName(name) || isTaken}
      run={async () => {
        if (wanted) await save(wanted);
      }}
      onClose={onClose}
    >
      <ChoiceField
        label="What it looks at"
        value={draft.kind}
        choices={kinds}
        onChange={(kind) =>
          setDraft({
            ...newRule(kind),
            environments: draft.environments,
            ephemeral: draft.ephemeral,
            // A name that somebody chose stays.
            name: name === draft.kind ? kind : draft.name,
          })
        }
      />
      <TextField
        label="Name"
        constraint={isTaken ? 'There is a rule of that name already.' : '1 to 40 of a-z, 0-9 and -'}
        value={draft.name}
        onChange={(text) => change({ name: text })}
      />
      {fieldsOf[draft.kind].length > 0 && (
        <div className="pair">
          {fieldsOf[draft.kind].map((field) => (
            <TextField
              key={field}
              label={fields[field][0]}
              constraint={fields[field][1]}
              value={draft[field]}
              onChange={(text) => change({ [field]: text })}
            />
          ))}
        </div>
      )}
      <div className="pair">
        <TextField
          label="Fires once it held for"
          constraint="Such as 2m; empty: at once"
          value={draft.holdsFor}
          onChange={(holdsFor) => change({ holdsFor })}
        />
        <TextField
          label="Is over once it did not for"
          constraint="Such as 5m; empty: at once"
          value={draft.clearAfter}
          onChange={(clearAfter) => change({ clearAfter })}
        />
      </div>
      <LinesField
        label="Environments"
        description="Where it holds, one a line; * stands for any text. Empty: everywhere."
        value={draft.environments}
        onChange={(environments) => change({ environments })}
        rows={2}
        placeholder="production"
      />
      <Checkbox checked={draft.ephemeral} onChange={({ detail }) => change({ ephemeral: detail.checked })}>
        It holds in ephemeral environments, such as previews, as well
      </Checkbox>
      <p className="soft" role="status">
        {wanted
          ? `${kindLabels[draft.kind]}: it fires when ${firesWhen(wanted)}.`
          : 'A number or a time is missing.'}
      </p>
    </ActionDialog>
  );
}
