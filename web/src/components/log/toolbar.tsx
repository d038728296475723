/** What of a log is shown. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import { useEffect, useState } from 'react';
import { plain } from '../plain.ts';
import type { LogView } from './source.ts';

const TYPED_MS = 300;

const levels = [
  { value: '', label: 'Every level' },
  { value: 'debug', label: 'Debug and above' },
  { value: 'info', label: 'Info and above' },
  { value: 'warn', label: 'Warnings and errors' },
  { value: 'error', label: 'Errors' },
];

interface ToolbarProps {
  query: URLSearchParams;
  /** Puts a filter into the address; undefined takes it out. */
  onChange(change: Record<string, string | undefined>): void;
  view: LogView;
  /** What is wrong with the search. */
  wrong: string | undefined;
  onPause(isPaused: boolean): void;
  wraps: boolean;
  onWrap(wraps: boolean): void;
}

/** `datetime-local` is without a zone: the one of who looks. */
function localTime(at: string | null): string {
  const time = at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(time)) return '';
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

export function Toolbar({ query, onChange, view, wrong, onPause, wraps, onWrap }: ToolbarProps) {
  const search = query.get('search') ?? '';
  const at = query.get('at');
  const [typed, setTyped] = useState(search);
  useEffect(() => setTyped(search), [search]);
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => onChange({ search: typed || undefined }), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed, search, onChange]);
  const level = query.get('level') ?? '';
  const isLive = at === null || view.state === 'live';
  return (
    <div className="log-toolbar" role="group" aria-label="What is shown">
      <div className="log-search">
        <FormField errorText={wrong === undefined ? undefined : `This ${plain(wrong)}.`} stretch>
          <Input
            type="search"
            value={typed}
            onChange={({ detail }) => setTyped(detail.value.slice(0, 1_000))}
            placeholder="Search: timeout -health @level:error"
            ariaLabel="Search the log"
            clearAriaLabel="Clear the search"
          />
        </FormField>
      </div>
      <div className="log-levels">
        <Select
          ariaLabel="Level"
          selectedOption={levels.find(({ value }) => value === level) ?? levels[0]!}
          options={levels}
          onChange={({ detail }) => onChange({ level: detail.selectedOption.value || undefined })}
        />
      </div>
      <label className="log-jump">
        <span>Jump to</span>
        <input
          type="datetime-local"
          step="1"
          value={localTime(at)}
          onChange={({ target: { value } }) => {
            const time = new Date(value);
            if (value === '') onChange({ at: undefined });
            else if (!Number.isNaN(time.getTime())) onChange({ at: time.toISOString() });
          }}
        />
      </label>
      {['deployment', 'container'].map((name) => {
        const value = query.get(name);
        return (
          value !== null && (
            <Button
              key={name}
              iconName="close"
              iconAlign="right"
              ariaLabel={`Show more than ${name} ${value}`}
              onClick={() => onChange({ [name]: undefined })}
            >
              {name} {value}
            </Button>
          )
        );
      })}
      <label className="log-wrap">
        <input type="checkbox" checked={wraps} onChange={({ target }) => onWrap(target.checked)} /> Wrap
      </label>
      <span className="row row-end">
        {at !== null && <Button onClick={() => onChange({ at: undefined })}>Back to now</Button>}
        {isLive && (
          <Button iconName={view.isPaused ? 'play' : 'pause'} onClick={() => onPause(!view.isPaused)}>
            {view.isPaused
              ? view.waiting > 0
                ? `Go on (${view.waiting.toLocaleString('en')} new)`
                : 'Go on'
              : 'Pause'}
          </Button>
        )}
      </span>
    </div>
  );
}
