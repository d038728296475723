/** A log, of a service or of all in an environment: live and past, searched and filtered; its address is that of what one sees. */
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { useSearchParams } from 'wouter';
import { useMedia } from '../../app/media.ts';
import { Command } from '../command.tsx';
import { curl } from '../curl.ts';
import { plain } from '../plain.ts';
import { type InEnvironment, Lines } from './lines.tsx';
import './logs.css';
import { createLogSource, FIRST, type LogSource, type LogView, NOTHING_YET } from './source.ts';
import { Toolbar } from './toolbar.tsx';

const LEVELS = /^(?:trace|debug|info|warn|error|fatal)$/;
const NUMBER = /^[1-9][0-9]{0,8}$/;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A source as long as what it shows is asked for. */
function useLogSource(path: string, query: URLSearchParams): LogSource | undefined {
  const [source, setSource] = useState<LogSource>();
  const key = query.toString();
  useEffect(() => {
    const asked = new URLSearchParams(key);
    // The address may be anybody's: what the API would refuse is left out.
    const given = (name: string, form: RegExp): Record<string, string> => {
      const value = asked.get(name);
      return value !== null && form.test(value) ? { [name]: value } : {};
    };
    const at = Date.parse(asked.get('at') ?? '');
    const filters = {
      ...given('search', /^[^\p{Cc}]{1,1000}$/u),
      ...given('level', LEVELS),
      ...given('deployment', NUMBER),
      ...given('container', NAME),
    };
    const made = createLogSource(path, filters, Number.isNaN(at) ? undefined : new Date(at).toISOString());
    setSource(made);
    return () => made.close();
  }, [path, key]);
  return source;
}

const never = () => () => {};

interface LogViewerProps {
  /** Of the log in the API. */
  path: string;
  /** The environment, where lines are of several services. */
  from?: InEnvironment;
}

export function LogViewer({ path, from }: LogViewerProps) {
  const [query, setQuery] = useSearchParams();
  const source = useLogSource(path, query);
  const view = useSyncExternalStore(source?.subscribe ?? never, () => source?.view() ?? NOTHING_YET);
  const isNarrow = useMedia('(max-width: 720px)');
  const [wraps, setWraps] = useState(isNarrow);
  const change = useCallback(
    (changed: Record<string, string | undefined>) =>
      setQuery(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changed)) {
            if (value === undefined) next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true },
      ),
    [setQuery],
  );
  const search = query.get('search') ?? '';
  const wrong = wrongSearch(view);
  const isFiltered = ['search', 'level', 'deployment', 'container'].some((name) => query.has(name));
  return (
    <div className="log-page">
      <Toolbar
        query={query}
        onChange={change}
        view={view}
        wrong={wrong}
        onPause={(isPaused) => source?.pause(isPaused)}
        wraps={wraps}
        onWrap={setWraps}
      />
      {view.error && wrong === undefined && <p role="alert">{plain(view.error.message)}</p>}
      {view.missing !== undefined && (
        <p role="alert" className="small">
          Lines are missing: {plain(view.missing)}
        </p>
      )}
      {source && (
        <Lines
          key={query.toString()}
          from={from}
          source={source}
          view={view}
          search={search}
          wraps={wraps}
          anchor={query.has('at') ? FIRST : undefined}
        />
      )}
      <p className="soft small log-foot" role="status">
        {wrong === undefined && inWords(view, isFiltered)}
      </p>
      <details>
        <summary>The same by curl</summary>
        <Command
          text={curl(
            'GET',
            `${path}?${query.has('search') ? `search=${encodeURIComponent(search)}` : 'tail=100'}`,
          )}
        />
      </details>
    </div>
  );
}

/** What is wrong with the search, for beside the field that it was typed in. */
const wrongSearch = ({ error }: LogView): string | undefined =>
  error?.errors.find(({ path }) => path.endsWith('search'))?.message;

function inWords({ state, lines, isPaused, hasNewer }: LogView, isFiltered: boolean): string {
  if (state === 'loading') return 'Reading …';
  const count = `${lines.length.toLocaleString('en')} ${lines.length === 1 ? 'line' : 'lines'}`;
  if (lines.length === 0 && state !== 'lost')
    return isFiltered ? 'No line is like that; new ones appear as they come.' : 'Nothing was printed yet.';
  if (isPaused) return `${count}. Paused: what comes is kept and shown when it goes on.`;
  if (state === 'lost') return `${count}. The connection is lost; it goes on where it broke off.`;
  return hasNewer ? `${count} of the past; scroll on to come to now.` : `${count}, live.`;
}
