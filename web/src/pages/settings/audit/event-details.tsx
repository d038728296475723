/** What an event says beyond its words: before and after, and the rest of its data. */
import type { Event } from '../../../../../client/types.generated.ts';
import { ChangeTable } from '../../../components/changes.tsx';
import { plain } from '../../../components/plain.ts';

interface Change {
  name: string;
  before: unknown;
  after: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The fields that a change tells with both sides: `changes`, or `before` beside what holds now. */
export function changesIn(data: Record<string, unknown>): Change[] {
  const { changes, before } = data;
  if (isObject(changes)) {
    return Object.entries(changes).flatMap(([name, sides]) =>
      isObject(sides) ? [{ name, before: sides.before, after: sides.after }] : [],
    );
  }
  if (!isObject(before)) return [];
  return Object.entries(before).map(([name, value]) => ({ name, before: value, after: data[name] }));
}

const shown = (value: unknown): string =>
  value === undefined ? '–' : plain(typeof value === 'string' ? value : JSON.stringify(value));

export function EventDetails({ event: { type, data = {}, from, hash } }: { event: Event }) {
  const changes = changesIn(data);
  const named = new Set(['changes', 'before', ...changes.map(({ name }) => name)]);
  const rest = Object.entries(data).filter(([name]) => !named.has(name));
  return (
    <details className="event-details small">
      <summary>{changes.length > 0 ? 'Before and after' : 'Details'}</summary>
      {changes.length > 0 && (
        <ChangeTable label="Before and after">
          {changes.map(({ name, before, after }) => (
            <tr key={name}>
              <th scope="row">{plain(name)}</th>
              <td data-label="Before: ">
                <code>{shown(before)}</code>
              </td>
              <td data-label="After: ">
                <code>{shown(after)}</code>
              </td>
            </tr>
          ))}
        </ChangeTable>
      )}
      <dl className="terms">
        {[
          ...rest.map(([name, value]) => [name, shown(value)] as const),
          ['type', type] as const,
          ...(from?.agent === undefined ? [] : [['by the program', plain(from.agent)] as const]),
          ['seal', hash] as const,
        ].map(([name, value]) => (
          <div key={name}>
            <dt>{plain(name)}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
