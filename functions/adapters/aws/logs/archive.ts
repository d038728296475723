/** The output of pods in CloudWatch Logs: a stream for each service of an environment, fed by the cluster's agent. */
import type { LogArchive, PrintedLine } from '../../../ports/log-archive.ts';
import { eventPages, type LogGroup } from './event-pages.ts';
import { checkStream } from './log-events.ts';

export const createLogArchive = (group: LogGroup): Pick<LogArchive, 'pages'> => ({
  async *pages(stream, { direction, since = 0, until }) {
    checkStream(stream);
    for await (const events of eventPages(group, stream, direction === 'forward', since, until))
      yield events.flatMap(({ message = '' }) => printedLine(message) ?? []);
  },
});

/** As stacks/place/log-agent.ts has the agent write it. @returns undefined for what somebody else wrote */
export function printedLine(text: string): PrintedLine | undefined {
  let found: Partial<Record<'t' | 'p' | 'c' | 'd' | 'm', unknown>>;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { t: time, p: pod, c: container, d, m: message } = found ?? {};
  if (typeof time !== 'string' || !/^\d{19}$/.test(time)) return undefined;
  if (typeof pod !== 'string' || typeof container !== 'string' || typeof message !== 'string')
    return undefined;
  return { time, pod, container, deployment: Number(d), message };
}
