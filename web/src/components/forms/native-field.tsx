/** The browser's own fields for a day, and for a day with a time. */
import { useId } from 'react';

interface NativeFieldProps {
  type: 'date' | 'datetime-local';
  label: string;
  value: string;
  onChange(value: string): void;
}

export function NativeField({ type, label, value, onChange }: NativeFieldProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="plain-input"
        type={type}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </div>
  );
}
