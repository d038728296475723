/** Spans as bars below each other: where a trace was at each moment. */
import { Link } from 'wouter';
import { nestedSpans } from '../../../../client/nested-spans.ts';
import { took } from '../../../../client/took.ts';
import type { Span, TraceDetails } from '../../../../client/types.generated.ts';
import { servicePath } from '../../app/paths.ts';
import { Facts } from '../../components/facts.tsx';
import { plain } from '../../components/plain.ts';
import type { InEnvironment } from '../environment.tsx';

const WIDTH = 1000;
const DEPTH_SHOWN = 12;

export function Waterfall({ place, trace }: { place: InEnvironment; trace: TraceDetails }) {
  return (
    <table className="data waterfall" aria-label="Spans">
      <thead>
        <tr>
          <th scope="col">Span</th>
          <th scope="col">Service</th>
          <th scope="col">Took</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        {nestedSpans(trace.items).map(({ span, depth }) => (
          <tr key={span.id}>
            <th scope="row">
              <details>
                <summary>
                  <span aria-hidden="true">{'\u2003'.repeat(Math.min(depth, DEPTH_SHOWN))}</span>
                  {plain(span.name)}
                  {span.status === 'error' && <strong className="trace-failed"> failed</strong>}
                </summary>
                <Details span={span} />
              </details>
            </th>
            <td data-label="Service">
              <Link href={servicePath({ ...place, service: span.service }, 'history')}>{span.service}</Link>{' '}
              <span className="soft">
                {span.from === 'router' ? 'as the router saw it' : ''}
                {span.deployment !== undefined && ` #${span.deployment}`}
              </span>
            </td>
            <td data-label="Took">{took(span.durationMs)}</td>
            <td data-label="When">
              <Bar span={span} wholeMs={trace.durationMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Bar({ span: { offsetMs, durationMs, status }, wholeMs }: { span: Span; wholeMs: number }) {
  const at = (ms: number): number => (wholeMs === 0 ? 0 : (ms / wholeMs) * WIDTH);
  const x = Math.min(at(offsetMs), WIDTH - 4);
  const width = Math.max(4, Math.min(WIDTH - x, at(durationMs)));
  return (
    <svg
      className={`trace-bar${status === 'error' ? ' trace-bar-failed' : ''}`}
      viewBox={`0 0 ${WIDTH} 10`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`from ${took(offsetMs)} to ${took(offsetMs + durationMs)}`}
    >
      <rect x={x} y="1" width={width} height="8" />
    </svg>
  );
}

const textOf = (value: unknown): string => plain(Array.isArray(value) ? value.join(', ') : String(value));

function Details({ span }: { span: Span }) {
  const { kind, statusMessage, attributes, events, dropped } = span;
  return (
    <div className="trace-details">
      {statusMessage !== undefined && <p className="trace-failed">{plain(statusMessage)}</p>}
      <Facts
        of={[
          ['Kind', kind] as const,
          ...Object.entries(attributes).map(([name, value]) => [plain(name), textOf(value)] as const),
        ]}
      />
      {events.map(({ name, offsetMs, attributes: more }, at) => (
        // Events have no identity but their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: their order never changes
        <div key={at}>
          <p>
            <strong>{plain(name)}</strong> <span className="soft">at {took(offsetMs)}</span>
          </p>
          <Facts of={Object.entries(more).map(([key, value]) => [plain(key), textOf(value)] as const)} />
        </div>
      ))}
      {dropped !== undefined && <p className="soft">{dropped} more were left out or cut.</p>}
    </div>
  );
}
