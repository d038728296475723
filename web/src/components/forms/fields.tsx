/** Fields that several forms have. */
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import Textarea from '@cloudscape-design/components/textarea';
import { roleSummaries } from '../../../../client/permission-words.generated.ts';
import { type Role, roles } from '../../../../client/permissions.generated.ts';
import { useOverview } from '../../api/read.ts';

interface FieldProps {
  label: string;
  description?: string;
  constraint?: string;
  value: string;
  onChange(value: string): void;
  placeholder?: string;
  autoFocus?: boolean;
}

export const TextField = ({
  label,
  description,
  constraint,
  value,
  onChange,
  placeholder = '',
  autoFocus = false,
}: FieldProps) => (
  <FormField label={label} description={description} constraintText={constraint}>
    <Input
      value={value}
      placeholder={placeholder}
      onChange={({ detail }) => onChange(detail.value)}
      spellcheck={false}
      autoComplete={false}
      autoFocus={autoFocus}
    />
  </FormField>
);

/** A thing a line. */
export const LinesField = ({
  label,
  description,
  constraint,
  value,
  onChange,
  placeholder = '',
  rows = 3,
  wrong,
}: FieldProps & { rows?: number; wrong?: string | undefined }) => (
  <FormField label={label} description={description} constraintText={constraint} errorText={wrong}>
    <Textarea
      value={value}
      rows={rows}
      placeholder={placeholder}
      onChange={({ detail }) => onChange(detail.value)}
      spellcheck={false}
      autoComplete={false}
    />
  </FormField>
);

interface Choice<Value extends string> {
  value: Value;
  label: string;
  description?: string;
}

interface ChoiceFieldProps<Value extends string> {
  label: string;
  description?: string;
  value: NoInfer<Value>;
  choices: readonly Choice<Value>[];
  onChange(value: NoInfer<Value>): void;
}

export function ChoiceField<Value extends string>({
  label,
  description,
  value,
  choices,
  onChange,
}: ChoiceFieldProps<Value>) {
  return (
    <FormField label={label} description={description}>
      <Select
        selectedOption={choices.find((choice) => choice.value === value) ?? { value, label: value }}
        options={choices}
        onChange={({ detail }) => {
          const chosen = choices.find((choice) => choice.value === detail.selectedOption.value);
          if (chosen) onChange(chosen.value);
        }}
      />
    </FormField>
  );
}

interface RoleFieldProps {
  label?: string;
  value: Role;
  onChange(role: Role): void;
  /** The highest that may be given. */
  most?: Role | undefined;
}

export const RoleField = ({ label = 'Role', value, onChange, most = 'administrator' }: RoleFieldProps) => (
  <ChoiceField
    label={label}
    value={value}
    choices={roles
      .slice(0, roles.indexOf(most) + 1)
      .map((role) => ({ value: role, label: role, description: roleSummaries[role] }))}
    onChange={onChange}
  />
);

interface EnvironmentsFieldProps {
  project: string;
  value: readonly string[];
  onChange(names: string[]): void;
}

/** The environments of a project to choose from; none chosen stands for all. */
export function EnvironmentsField({ project, value, onChange }: EnvironmentsFieldProps) {
  const { data } = useOverview(project);
  const names = data?.environments.map(({ name }) => name) ?? [];
  if (names.length === 0) return null;
  return (
    <FormField label="Environments" description="None chosen: all of them, and those to come.">
      <div className="row">
        {names.map((name) => (
          <Checkbox
            key={name}
            checked={value.includes(name)}
            onChange={({ detail }) =>
              onChange(detail.checked ? [...value, name] : value.filter((one) => one !== name))
            }
          >
            {name}
          </Checkbox>
        ))}
      </div>
    </FormField>
  );
}
