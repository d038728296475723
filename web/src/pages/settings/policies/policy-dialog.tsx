/** A policy by form: it is tried on what there was before it can be saved. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import { inWords } from '../../../../../client/problem.ts';
import type { Policy, PolicyDryRun } from '../../../../../client/types.generated.ts';
import { api, body } from '../../../api/client.ts';
import { notify } from '../../../app/notifications.tsx';
import { isName } from '../../../app/paths.ts';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { ChoiceField, LinesField, TextField } from '../../../components/forms/fields.tsx';
import { linesOf } from '../../../components/forms/lines.ts';
import { plain } from '../../../components/plain.ts';
import { draftOf, newDraft, type RuleKind, ruleOf } from './draft.ts';
import { DryRun } from './dry-run.tsx';
import { RuleFields } from './rule-fields.tsx';
import { kindWords } from './words.ts';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const isKind = (text: string): text is RuleKind => Object.hasOwn(kindWords, text);

const kinds = Object.entries(kindWords).flatMap(([value, words]) =>
  isKind(value) ? [{ value, ...words }] : [],
);

interface PolicyDialogProps {
  project: string;
  /** Undefined: a new one. */
  policy?: Policy;
  taken: readonly string[];
  onClose(): void;
}

export function PolicyDialog({ project, policy, taken, onClose }: PolicyDialogProps) {
  const [name, setName] = useState(policy?.name ?? '');
  const [description, setDescription] = useState(policy?.description ?? '');
  const [environments, setEnvironments] = useState((policy?.environments ?? []).join('\n'));
  const [rollbacks, setRollbacks] = useState(policy?.rollbacks ?? false);
  const [draft, setDraft] = useState(() => (policy ? draftOf(policy.rule, zone) : newDraft(zone)));
  const rule = ruleOf(draft);
  const wanted = rule && {
    rule,
    rollbacks,
    ...(description.trim() !== '' && { description: description.trim() }),
    ...(linesOf(environments).length > 0 && { environments: linesOf(environments) }),
  };
  const key = JSON.stringify(wanted);
  const [tried, setTried] = useState<{ key: string; run?: PolicyDryRun; error?: string }>();
  const [busy, setBusy] = useState(false);
  // Of what the form says now, and not of what it said before.
  const current = wanted && tried?.key === key ? tried : undefined;
  const isTried = current?.run !== undefined;
  const isTaken = !policy && taken.includes(name.trim());
  const tryIt = async () => {
    if (!wanted) return;
    setBusy(true);
    try {
      const params = { path: { project } };
      const run = await body(api.POST('/v1/projects/{project}/policy-dry-runs', { params, body: wanted }));
      setTried({ key, run });
    } catch (error) {
      const { what, hint } = inWords(error);
      setTried({ key, error: [what, hint].filter(Boolean).join(' ') });
    } finally {
      setBusy(false);
    }
  };
  const save = async () => {
    if (!wanted) return;
    const path = { project, policy: name.trim() };
    await body(api.PUT('/v1/projects/{project}/policies/{policy}', { params: { path }, body: wanted }));
    notify({ type: 'success', content: `${name.trim()} holds from the next deployment on.` });
  };
  return (
    <ActionDialog
      header={policy ? `Change ${policy.name}` : 'Add a policy'}
      act="Save"
      size="large"
      disabled={!isTried || !isName(name.trim()) || isTaken}
      run={save}
      onClose={onClose}
    >
      {!policy && (
        <TextField
          label="Name"
          constraint={isTaken ? 'There is one of that name already.' : '1 to 40 of a-z, 0-9 and -'}
          value={name}
          onChange={setName}
          placeholder="main-only"
          autoFocus
        />
      )}
      <ChoiceField
        label="Rule"
        value={draft.kind}
        choices={kinds}
        description={kindWords[draft.kind].description}
        onChange={(kind) => setDraft({ ...draft, kind })}
      />
      <RuleFields draft={draft} onChange={(change) => setDraft({ ...draft, ...change })} />
      <LinesField
        label="Environments"
        description="Where it holds, one a line; * stands for any text. Empty: everywhere."
        value={environments}
        onChange={setEnvironments}
        rows={2}
        placeholder="production"
      />
      <Checkbox checked={rollbacks} onChange={({ detail }) => setRollbacks(detail.checked)}>
        It holds for rollbacks as well
      </Checkbox>
      <TextField
        label="Description"
        description="Optional: why it is there."
        value={description}
        onChange={setDescription}
      />
      <div className="row">
        <Button formAction="none" disabled={!wanted} loading={busy} onClick={() => void tryIt()}>
          Try it on the last 30 days
        </Button>
        {!isTried && <span className="soft">Then it can be saved.</span>}
      </div>
      {current?.run && <DryRun of={current.run} />}
      {current?.error !== undefined && <Alert type="error">{plain(current.error)}</Alert>}
    </ActionDialog>
  );
}
