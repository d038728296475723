/** What each kind of rule asks for. */
import Button from '@cloudscape-design/components/button';
import { ChoiceField, LinesField, TextField } from '../../../components/forms/fields.tsx';
import type { Draft, Severity } from './draft.ts';
import { FreezeFields } from './freeze-fields.tsx';

export interface DraftProps {
  draft: Draft;
  onChange(change: Partial<Draft>): void;
}

const severities = [
  { value: 'critical', label: 'critical' },
  { value: 'high', label: 'high, or worse' },
  { value: 'medium', label: 'medium, or worse' },
  { value: 'low', label: 'low, or worse' },
] as const satisfies readonly { value: Severity; label: string }[];

const budgeted = [
  { value: 'any', label: 'Any environment' },
  { value: 'persistent', label: 'Those that stay' },
  { value: 'ephemeral', label: 'Those that expire, as previews do' },
  { value: 'protected', label: 'Those that are protected' },
] as const satisfies readonly { value: Draft['of']; label: string }[];

export function RuleFields({ draft, onChange }: DraftProps) {
  switch (draft.kind) {
    case 'allowed-registries':
      return (
        <LinesField
          label="Registries"
          description="A host, or a host and the first parts of a path; one a line."
          value={draft.lines}
          onChange={(lines) => onChange({ lines })}
          placeholder="ghcr.io/acme"
        />
      );
    case 'digest-only':
      return <p className="soft">There is nothing to set: a tag could have been moved, a digest can not.</p>;
    case 'scan':
      return (
        <ChoiceField
          label="No finding that is"
          value={draft.severity}
          choices={severities}
          onChange={(severity) => onChange({ severity })}
        />
      );
    case 'signature':
      return <KeyFields draft={draft} onChange={onChange} />;
    case 'ceiling':
      return (
        <div className="pair">
          <TextField
            label="Processor"
            value={draft.cpu}
            placeholder="2"
            onChange={(cpu) => onChange({ cpu })}
          />
          <TextField
            label="Memory"
            value={draft.memory}
            placeholder="4Gi"
            onChange={(memory) => onChange({ memory })}
          />
          <TextField
            label="Replicas"
            value={draft.replicas}
            placeholder="10"
            onChange={(replicas) => onChange({ replicas })}
          />
        </div>
      );
    case 'branches':
      return (
        <>
          <LinesField
            label="Branches"
            description="One a line; * stands for any text."
            value={draft.lines}
            onChange={(lines) => onChange({ lines })}
            placeholder={'main\nrelease/*'}
          />
          <LinesField
            label="Repositories"
            description="Optional: only of these, one a line."
            value={draft.repositories}
            onChange={(repositories) => onChange({ repositories })}
            rows={2}
            placeholder="https://github.com/octo/guestbook"
          />
        </>
      );
    case 'freeze':
      return <FreezeFields draft={draft} onChange={onChange} />;
    case 'budget':
      return (
        <div className="pair">
          <TextField
            label="US dollars a month"
            value={draft.usd}
            placeholder="50"
            onChange={(usd) => onChange({ usd })}
          />
          <ChoiceField label="For" value={draft.of} choices={budgeted} onChange={(of) => onChange({ of })} />
        </div>
      );
  }
}

function KeyFields({ draft: { keys }, onChange }: DraftProps) {
  const change = (at: number, change: { name?: string; publicKey?: string }) =>
    onChange({ keys: keys.map((key, index) => (index === at ? { ...key, ...change } : key)) });
  return (
    <>
      {keys.map(({ name, publicKey }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a key has no other name while it is written.
        <div key={at} className="stack">
          <TextField
            label="Name of the key"
            value={name}
            placeholder="release"
            onChange={(text) => change(at, { name: text })}
          />
          <LinesField
            label="Public key"
            description="PEM, as cosign generate-key-pair writes it."
            value={publicKey}
            rows={4}
            onChange={(text) => change(at, { publicKey: text })}
            placeholder="-----BEGIN PUBLIC KEY-----"
          />
        </div>
      ))}
      <span className="row">
        <Button formAction="none" onClick={() => onChange({ keys: [...keys, { name: '', publicKey: '' }] })}>
          Another key
        </Button>
        {keys.length > 1 && (
          <Button formAction="none" onClick={() => onChange({ keys: keys.slice(0, -1) })}>
            Remove the last key
          </Button>
        )}
      </span>
    </>
  );
}
