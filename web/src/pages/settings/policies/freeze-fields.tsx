/** Times in which nothing is deployed: each week, or once. */
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import { ChoiceField, TextField } from '../../../components/forms/fields.tsx';
import { NativeField } from '../../../components/forms/native-field.tsx';
import { days, newWindow, type WindowDraft } from './draft.ts';
import type { DraftProps } from './rule-fields.tsx';
import { dayWords } from './words.ts';

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const times = [
  { value: 'week', label: 'Each week' },
  { value: 'once', label: 'Once' },
] as const;

export function FreezeFields({ draft: { windows }, onChange }: DraftProps) {
  return (
    <>
      {windows.map((window, at) => (
        <WindowFields
          // biome-ignore lint/suspicious/noArrayIndexKey: a window has no name.
          key={at}
          of={window}
          label={windows.length === 1 ? 'The freeze' : `Freeze ${at + 1}`}
          onChange={(change) =>
            onChange({ windows: windows.map((one, index) => (index === at ? { ...one, ...change } : one)) })
          }
        />
      ))}
      <span className="row">
        <Button formAction="none" onClick={() => onChange({ windows: [...windows, newWindow(zone)] })}>
          Another freeze
        </Button>
        {windows.length > 1 && (
          <Button formAction="none" onClick={() => onChange({ windows: windows.slice(0, -1) })}>
            Remove the last one
          </Button>
        )}
      </span>
    </>
  );
}

interface WindowFieldsProps {
  of: WindowDraft;
  label: string;
  onChange(change: Partial<WindowDraft>): void;
}

function WindowFields({ of, label, onChange }: WindowFieldsProps) {
  return (
    <fieldset className="fields stack">
      <legend>{label}</legend>
      <ChoiceField
        label="How often"
        value={of.every}
        choices={times}
        onChange={(every) => onChange({ every })}
      />
      {of.every === 'week' ? (
        <>
          <FormField label="Days">
            <div className="row">
              {days.map((day) => (
                <Checkbox
                  key={day}
                  checked={of.days.includes(day)}
                  onChange={({ detail }) =>
                    onChange({
                      days: detail.checked ? [...of.days, day] : of.days.filter((one) => one !== day),
                    })
                  }
                >
                  {dayWords[day]}
                </Checkbox>
              ))}
            </div>
          </FormField>
          <div className="pair">
            <TextField
              label="From"
              value={of.start}
              placeholder="00:00"
              onChange={(start) => onChange({ start })}
            />
            <TextField label="To" value={of.end} placeholder="24:00" onChange={(end) => onChange({ end })} />
            <TextField
              label="Time zone"
              value={of.timeZone}
              onChange={(timeZone) => onChange({ timeZone })}
            />
          </div>
        </>
      ) : (
        <div className="pair">
          <NativeField
            type="datetime-local"
            label="From"
            value={of.from}
            onChange={(from) => onChange({ from })}
          />
          <NativeField type="datetime-local" label="To" value={of.to} onChange={(to) => onChange({ to })} />
        </div>
      )}
      <TextField
        label="Why"
        description="Optional; who is refused reads it."
        value={of.reason}
        onChange={(reason) => onChange({ reason })}
      />
    </fieldset>
  );
}
