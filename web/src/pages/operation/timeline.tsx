/** Steps in the order they ran, each with a bar where and as long as it was in the whole. */
import { useEffect, useState } from 'react';
import type { Operation } from '../../../../client/types.generated.ts';
import { stepWords } from '../../components/operation-words.ts';
import { Status } from '../../components/status.tsx';
import { duration } from '../../components/time.tsx';

const TICK_MS = 250;

/** Epoch milliseconds, while something goes on. */
function useTicking(isOn: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isOn) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isOn]);
  return now;
}

export function Timeline({ operation: { steps, createdAt, endedAt } }: { operation: Operation }) {
  const now = useTicking(endedAt === undefined);
  const start = Date.parse(createdAt);
  const end = Math.max(endedAt === undefined ? now : Date.parse(endedAt), start + 1);
  const percent = (time: number): number =>
    Math.min(100, Math.max(0, ((time - start) / (end - start)) * 100));
  if (steps.length === 0) return <p className="soft">It has not begun yet.</p>;
  return (
    <ol className="timeline" aria-label="Steps">
      {steps.map(({ name, attempt, status, startedAt, endedAt: done, durationMs }) => {
        const from = percent(Date.parse(startedAt));
        const to = percent(done === undefined ? end : Date.parse(done));
        return (
          <li key={`${name} ${attempt}`}>
            <span className="step-name">
              <Status of={status} /> {stepWords(name)}
              {attempt > 1 && <span className="soft"> (attempt {attempt})</span>}
            </span>
            <span className="track" aria-hidden="true">
              <span
                className={`span ${status}`}
                style={{ insetInlineStart: `${from}%`, inlineSize: `${Math.max(to - from, 0.5)}%` }}
              />
            </span>
            <span className="step-duration">
              {duration(durationMs ?? Math.max(0, end - Date.parse(startedAt)))}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
