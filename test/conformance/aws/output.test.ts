/** What pods print, from the cluster and from CloudWatch Logs as one: the contract of all readers, with moto's. */
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { createLogArchive } from '../../../functions/adapters/aws/logs/archive.ts';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { createKubernetesLogs } from '../../../functions/adapters/kubernetes/logs/logs.ts';
import { createFileLogs } from '../../../functions/adapters/local/logs/logs.ts';
import { createMask } from '../../../functions/core/secrets/mask.ts';
import type { PrintedLine } from '../../../functions/ports/log-archive.ts';
import type { LogLine, Logs } from '../../../functions/ports/logs.ts';
import { startPodLogs } from '../../adapters/kubernetes/pod-logs.ts';
import { type LogsReaderSubject, logsReaderContract } from '../../contracts/logs/logs-reader.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { clientOptions, withMoto } from './support.ts';

const makeDirectory = temporaryDirectories();
const GROUP = 'workloads';
const DAY = 24 * 60 * 60 * 1000;
/** Of one request. */
const BATCH = 1_000;
const BATCH_BYTES = 900_000;

/** CloudWatch Logs takes no line that is older than 14 days, and the contract has such: they are moved, and moved back. */
const from = Date.UTC(2026, 0, 1);
const to = Date.now() - 12 * DAY;
const moved = (at: string): string => {
  const time = Date.parse(at);
  return Number.isNaN(time) || time > Date.now() - 10 * DAY ? at : new Date(time - from + to).toISOString();
};
const movedBack = (at: string): string => {
  const time = Date.parse(at);
  return time > Date.now() - DAY ? at : new Date(time - to + from).toISOString();
};
/** A line of Berth's own names a time as well. */
const back = (line: LogLine): LogLine => ({
  ...line,
  at: movedBack(line.at),
  message: line.missing ? line.message.replace(/\d{4}-[\d:.T-]+Z/, movedBack) : line.message,
});
const movedIn = <T extends { since?: string; until?: string }>(query: T): T => ({
  ...query,
  ...(query.since !== undefined && { since: moved(query.since) }),
  ...(query.until !== undefined && { until: moved(query.until) }),
});

async function makeSubject(endpoint: string): Promise<LogsReaderSubject> {
  const client = new CloudWatchLogsClient(clientOptions(endpoint));
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  const pods = await startPodLogs();
  const cluster = createKubernetesClient({ server: pods.url });
  const rest = createFileLogs({ directory: makeDirectory() });
  const archive = { ...createLogArchive({ client, group: GROUP }), mask: async () => createMask([]) };
  const logs = createKubernetesLogs({ client: cluster, rest, archive, lookMs: 200, lookBackMs: 3_000 });
  const waiting = new Map<string, PrintedLine[]>();
  let written = 0;
  let following = 0;

  async function send(logStreamName: string, lines: PrintedLine[]): Promise<void> {
    const target = { logGroupName: GROUP, logStreamName };
    await client.send(new CreateLogStreamCommand(target)).catch(() => undefined);
    const events = lines
      .map(({ time, pod: p, container: c, deployment, message: m }) => ({
        timestamp: Number(time.slice(0, -6)),
        message: JSON.stringify({ t: time, p, c, d: String(deployment), m }),
      }))
      .sort((a, b) => a.timestamp - b.timestamp);
    for (let at = 0; at < events.length; ) {
      let [end, bytes] = [at, 0];
      while (end < events.length && end < at + BATCH && bytes < BATCH_BYTES)
        bytes += 2 * (events[end++]?.message.length ?? 0);
      await client.send(new PutLogEventsCommand({ ...target, logEvents: events.slice(at, end) }));
      at = end;
    }
  }
  let sending = Promise.resolve();
  const sent = (): Promise<void> => {
    sending = sending.then(async () => {
      const all = [...waiting];
      waiting.clear();
      for (const [stream, lines] of all) await send(stream, lines);
    });
    return sending;
  };
  const agent = setInterval(() => void sent(), 100);

  return {
    logs: {
      async read(stream, options) {
        await sent();
        return (await logs.read(stream, movedIn(options))).map(back);
      },
      async page(stream, query) {
        await sent();
        const page = await logs.page(stream, movedIn(query));
        return { ...page, lines: page.lines.map(back) };
      },
      follow(stream, options) {
        const lines = logs.follow(stream, movedIn(options));
        following++;
        return (async function* () {
          try {
            await sent();
            for await (const line of lines) yield back(line);
          } finally {
            following--;
          }
        })();
      },
    } satisfies Pick<Logs, 'read' | 'page' | 'follow'>,
    /**
     * One line is in the cluster alone, the next in CloudWatch Logs alone, the next in both. What somebody follows is in
     * the cluster: it is told in the order in which it is printed.
     */
    write(stream, line) {
      const place = following > 0 ? 2 : written++ % 3;
      const printed = pods.write(stream, { ...line, at: moved(line.at) }, place !== 1);
      if (place === 0) return;
      const lines = waiting.get(stream) ?? [];
      waiting.set(stream, lines);
      lines.push(printed);
    },
    async dispose() {
      clearInterval(agent);
      await sent();
      await logs.close();
      cluster.close();
      client.destroy();
      await pods.close();
    },
  };
}

await withMoto((url) => logsReaderContract('cluster and CloudWatch Logs', () => makeSubject(url())));
