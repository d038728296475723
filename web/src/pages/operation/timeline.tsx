/** All steps: those that ran, each with a bar where and as long as it was in the whole, and those to come, in grey. */
import { useEffect, useState } from 'react';
import type { Operation } from '../../../../client/types.generated.ts';
import { operationSteps } from '../../../../client/words.generated.ts';
import { stepWords } from '../../components/operation-words.ts';
import { Status } from '../../components/status.tsx';
import { duration } from '../../components/time.tsx';
import { useUsualTimes } from './usual.ts';

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

/** The steps that did not begin: to come, or never reached. An operation that succeeded needed no others. */
function stepsLeft({ kind, steps, status }: Operation): string[] {
  if (status === 'succeeded') return [];
  const begun = new Set(steps.map(({ name }) => name));
  return operationSteps[kind].filter((name) => !begun.has(name));
}

export function Timeline({ operation }: { operation: Operation }) {
  const { steps, createdAt, endedAt } = operation;
  const isRunning = endedAt === undefined;
  const now = useTicking(isRunning);
  const usual = useUsualTimes(isRunning ? operation : undefined);
  const left = stepsLeft(operation);
  const asked = Date.parse(createdAt);
  const end = Math.max(isRunning ? now : Date.parse(endedAt), asked + 1);
  // While nothing has begun, the steps to come are all there is to draw.
  const start = isRunning && steps.length === 0 ? end - 1 : asked;
  const newest = steps.at(-1);
  const goesOn =
    newest && isRunning ? (usual.get(newest.name) ?? 0) - (end - Date.parse(newest.startedAt)) : 0;
  /** When each step that is to come usually ends, one after the other. */
  let expected = end + Math.max(0, goesOn);
  const ghosts = left.map((name) => {
    const from = expected;
    expected += isRunning ? (usual.get(name) ?? 0) : 0;
    return { name, from, to: expected, usually: usual.get(name) };
  });
  const percent = (time: number): number =>
    Math.min(100, Math.max(0, ((time - start) / (expected - start)) * 100));
  const bar = (from: number, to: number, least: number) => ({
    insetInlineStart: `${percent(from)}%`,
    inlineSize: `${Math.max(percent(to) - percent(from), least)}%`,
  });
  return (
    <ol className="timeline" aria-label="Steps">
      {steps.map(({ name, attempt, status, startedAt, endedAt: done, durationMs }) => (
        <li key={`${name} ${attempt}`}>
          <span className="step-name">
            <Status of={status} /> {stepWords(name)}
            {attempt > 1 && <span className="soft"> (attempt {attempt})</span>}
          </span>
          <span className="track" aria-hidden="true">
            <span
              className={`span ${status}`}
              style={bar(Date.parse(startedAt), done === undefined ? end : Date.parse(done), 0.5)}
            />
          </span>
          <span className="step-duration">
            {duration(durationMs ?? Math.max(0, end - Date.parse(startedAt)))}
          </span>
        </li>
      ))}
      {ghosts.map(({ name, from, to, usually }) => (
        <li key={name} className="step-left">
          <span className="step-name">
            <Status of={isRunning ? 'pending' : 'skipped'} /> {stepWords(name)}
          </span>
          <span className="track" aria-hidden="true">
            {to > from && <span className="span to-come" style={bar(from, to, 0.5)} />}
          </span>
          <span className="step-duration">
            {isRunning ? usually !== undefined && `usually ${duration(usually)}` : 'not reached'}
          </span>
        </li>
      ))}
    </ol>
  );
}
