/** The name and the value of a variable or a secret: both are taken by the same rules. */
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Textarea from '@cloudscape-design/components/textarea';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

export const isSettingName = (text: string): boolean => NAME.test(text.trim());

interface FieldProps {
  value: string;
  onChange(value: string): void;
}

/** @param taken names that there are already, which a new one must not replace unseen */
export function NameField({ value, onChange, taken }: FieldProps & { taken: readonly string[] }) {
  const name = value.trim();
  const wrong = isSettingName(name)
    ? taken.includes(name) && `${name} is there already: change that one, or choose another name.`
    : name !== '' && 'Letters, digits and _ alone, not starting with a digit.';
  return (
    <FormField
      label="Name"
      constraintText="Letters, digits and _, not starting with a digit."
      errorText={wrong || undefined}
    >
      <Input value={value} onChange={({ detail }) => onChange(detail.value)} spellcheck={false} autoFocus />
    </FormField>
  );
}

/** Takes several lines, as keys and certificates have them. */
export const ValueField = ({
  label = 'Value',
  value,
  onChange,
  description,
  autoFocus,
}: FieldProps & { label?: string; description: string; autoFocus: boolean }) => (
  <FormField label={label} description={description}>
    <Textarea
      value={value}
      rows={value.includes('\n') ? 8 : 2}
      onChange={({ detail }) => onChange(detail.value)}
      spellcheck={false}
      autoComplete={false}
      autoFocus={autoFocus}
    />
  </FormField>
);
