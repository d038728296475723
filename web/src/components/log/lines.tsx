/** The lines on show: a hundred thousand of them cost as much as those that one sees. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { LogLine } from '../../../../client/types.generated.ts';
import { servicePath } from '../../app/paths.ts';
import { marked, spansOf } from './ansi.ts';
import type { LogSource, LogView } from './source.ts';

const ROW_HEIGHT = 20;
/** So near to an edge of what is there, more of it is read. */
const NEAR = 400;

export interface InEnvironment {
  project: string;
  environment: string;
}

interface LinesProps {
  /** Where the services are, of lines of several: each line leads to its own. */
  from: InEnvironment | undefined;
  source: LogSource;
  view: LogView;
  search: string;
  wraps: boolean;
  /** Number of the line that is shown first. */
  anchor: number | undefined;
}

export function Lines({ from, source, view, search, wraps, anchor }: LinesProps) {
  const { lines, first } = view;
  const box = useRef<HTMLDivElement>(null);
  const sticks = useRef(anchor === undefined);
  const shownFirst = useRef(first);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    getItemKey: (index) => first + index,
  });
  const isAnchored = useRef(false);

  // Older lines above, or dropped ones, must not move what one reads.
  useLayoutEffect(() => {
    const moved = shownFirst.current - first;
    shownFirst.current = first;
    if (moved !== 0 && !sticks.current && box.current) box.current.scrollTop += moved * ROW_HEIGHT;
  }, [first]);

  useLayoutEffect(() => {
    if (lines.length === 0) return;
    if (anchor !== undefined && !isAnchored.current) {
      isAnchored.current = true;
      virtualizer.scrollToIndex(Math.max(0, anchor - first), { align: 'start' });
    } else if (sticks.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  });

  // A short page leaves room: what there is above is read until it is filled.
  useEffect(() => {
    const { current } = box;
    if (current && view.hasOlder && current.scrollHeight <= current.clientHeight) source.older();
  });

  const items = virtualizer.getVirtualItems();
  return (
    <div
      ref={box}
      className={wraps ? 'log-lines wraps' : 'log-lines'}
      role="log"
      aria-live="off"
      aria-label="Log"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        const below = scrollHeight - clientHeight - scrollTop;
        sticks.current = below < ROW_HEIGHT && !view.hasNewer;
        if (scrollTop < NEAR && view.hasOlder) source.older();
        if (below < NEAR && view.hasNewer) source.newer();
      }}
    >
      <div className="log-all" style={{ blockSize: virtualizer.getTotalSize() }}>
        <div className="log-window" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map(({ index, key }) => {
            const line = lines[index];
            return (
              line && (
                <div key={key} data-index={index} ref={wraps ? virtualizer.measureElement : undefined}>
                  <Line from={from} line={line} search={search} />
                </div>
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Hours to milliseconds here: toLocaleTimeString is too slow for thousands of lines. */
function clock(at: string): string {
  const time = new Date(at);
  const milliseconds = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`;
}

const Line = memo(function Line({
  from,
  line,
  search,
}: {
  from: InEnvironment | undefined;
  line: LogLine;
  search: string;
}) {
  const { at, message, source, level, deployment, container, missing } = line;
  const spans = search === '' ? spansOf(message) : marked(spansOf(message), search);
  const origin = [deployment !== undefined && `deployment ${deployment}`, container]
    .filter(Boolean)
    .join(', ');
  return (
    <div className={`log-line ${missing ? 'missing' : (level ?? '')} ${source}`} title={origin || undefined}>
      <time dateTime={at}>{clock(at)}</time>
      {from && <Origin of={from} line={line} />}
      <span className="log-level">{level ?? (source === 'stdout' ? '' : source)}</span>
      <span className="log-text">
        {spans.map((span, index) =>
          'found' in span ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: spans have no name of their own.
            <mark key={index} className={span.style}>
              {span.text}
            </mark>
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: spans have no name of their own.
            <span key={index} className={span.style}>
              {span.text}
            </span>
          ),
        )}
      </span>
    </div>
  );
});

/** The service and the deployment that printed it. */
function Origin({ of, line: { service, deployment } }: { of: InEnvironment; line: LogLine }) {
  if (service === undefined) return <span className="log-origin" />;
  const { project, environment } = of;
  const place = { project, environment, service };
  return (
    <span className="log-origin">
      <Link href={servicePath(place)}>{service}</Link>
      {deployment !== undefined && (
        <>
          {' '}
          <Link
            href={`${servicePath(place, 'history')}#deployment-${deployment}`}
            aria-label={`#${deployment}, a deployment of ${service}`}
          >
            #{deployment}
          </Link>
        </>
      )}
    </span>
  );
}
