/** What an operation prints, line by line as it comes. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useEffect, useRef, useState } from 'react';
import type { LogLine, Operation } from '../../../../client/types.generated.ts';
import { apiPath } from '../../api/read.ts';
import { useStream } from '../../api/stream.ts';
import { stepWords } from '../../components/operation-words.ts';
import { plain } from '../../components/plain.ts';

const LINES_MAX = 2_000;

/** Builds and runs have a log of their own; a deployment prints into that of its service. */
const hasOwnLog = (kind: Operation['kind']): boolean => kind === 'build' || kind === 'run';

function logPath({ id, kind, project, environment, service, number, createdAt, endedAt }: Operation) {
  if (hasOwnLog(kind)) return `/v1/operations/${id}/logs?tail=1000`;
  if (environment === undefined || service === undefined || number === undefined) return undefined;
  const query = `tail=1000&since=${createdAt}${endedAt === undefined ? '' : '&follow=false'}`;
  return `${apiPath({ project, environment, service })}/logs?${query}`;
}

interface StepLines {
  /** Undefined before the first. */
  step: string | undefined;
  lines: LogLine[];
}

/** Lines below the steps in which they were printed, in the order of the lines. */
function byStep(lines: readonly LogLine[], steps: Operation['steps']): StepLines[] {
  const parts: StepLines[] = [];
  for (const line of lines) {
    const step = steps.findLast(({ startedAt }) => startedAt <= line.at)?.name;
    const part = parts.at(-1);
    if (part && part.step === step) part.lines.push(line);
    else parts.push({ step, lines: [line] });
  }
  return parts;
}

export function OperationLog({ operation }: { operation: Operation }) {
  // Where it is read from stays as it was when the page opened.
  const [path] = useState(() => logPath(operation));
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const waiting = useRef<LogLine[]>([]);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [refused, setRefused] = useState(false);
  const isFollowed = hasOwnLog(operation.kind) || operation.endedAt === undefined;
  const [followedOnce] = useState(isFollowed);
  useStream(refused || (followedOnce && !isFollowed) ? undefined : path, {
    ends: true,
    onEvent({ event, data }) {
      if (event !== 'line') return;
      const { deployment } = data as LogLine;
      if (!hasOwnLog(operation.kind) && deployment !== undefined && deployment !== operation.number) return;
      // Lines come one by one: they are drawn together.
      if (waiting.current.push(data as LogLine) > 1) return;
      requestAnimationFrame(() => {
        const next = waiting.current.splice(0);
        setLines((before) => [...before, ...next].slice(-LINES_MAX));
      });
    },
    onRefused: () => setRefused(true),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: with new lines.
  useEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  if (lines.length === 0) return null;
  return (
    <Container header={<Header variant="h2">Output</Header>}>
      <div
        ref={box}
        className="log"
        role="log"
        aria-live="off"
        aria-label="Output"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
          atEnd.current = scrollTop + clientHeight >= scrollHeight - 8;
        }}
      >
        {byStep(lines, operation.steps).map(({ step, lines: some }, part) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step may come twice.
          <section key={part} aria-label={step === undefined ? 'Before the first step' : stepWords(step)}>
            {step !== undefined && <h3 className="log-step">{stepWords(step)}</h3>}
            {some.map(({ at, message, source }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name of their own.
              <div key={index} className={`line ${source}`}>
                <span className="soft">{new Date(at).toLocaleTimeString('en-GB')}</span> {plain(message)}
              </div>
            ))}
          </section>
        ))}
      </div>
    </Container>
  );
}
