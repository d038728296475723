/** What a service uses, and how it answers, over time. */

import Container from '@cloudscape-design/components/container';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import { useSearchParams } from 'wouter';
import type { Metrics } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { apiPath } from '../../api/read.ts';
import { Chart, type Point, type Series } from '../../components/chart.tsx';
import { Command } from '../../components/command.tsx';
import { curl } from '../../components/curl.ts';
import { ExternalLink } from '../../components/external-link.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { useNow } from '../../components/time.tsx';
import { sizeWord } from '../../components/version.tsx';
import type { ServiceTabProps } from '../service.tsx';

const windows = { '5m': 5, '15m': 15, '1h': 60 } as const;
type Window = keyof typeof windows;
const isWindow = (text: string | null): text is Window => text !== null && Object.hasOwn(windows, text);

/** Requests are counted by ten seconds on one machine; in a cluster, when somebody looks. */
const SLOT_MS = 10_000;

const cores = (value: number): string => String(Number(value.toFixed(value >= 1 ? 2 : 3)));
const perSecond = (value: number): string => `${Number(value.toFixed(2))}/s`;
const milliseconds = (value: number): string =>
  value >= 1000 ? `${Number((value / 1000).toFixed(2))}\u00a0s` : `${Number(value.toFixed(1))}\u00a0ms`;

export default function MetricsTab({ place, instance }: ServiceTabProps) {
  const path = `${apiPath(place)}/metrics`;
  const [query, setQuery] = useSearchParams();
  const given = query.get('window');
  const window: Window = isWindow(given) ? given : '15m';
  const { data, error } = useQuery(`${path}?window=${window}`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/metrics', {
        params: { path: { ...place }, query: { window } },
        signal,
      }),
    ),
  );
  const to = useNow();
  return (
    <div className="stack">
      <SegmentedControl
        label="Time on show"
        selectedId={window}
        options={Object.entries(windows).map(([id, minutes]) => ({
          id,
          text: minutes === 60 ? 'An hour' : `${minutes} minutes`,
        }))}
        onChange={({ detail }) => setQuery({ window: detail.selectedId }, { replace: true })}
      />
      {error && <p role="alert">{plain(error.message)}</p>}
      {data ? (
        <Charts
          data={data}
          to={to}
          minutes={windows[window]}
          {...(instance.url !== undefined && { url: instance.url })}
        />
      ) : (
        !error && <Loading />
      )}
      <details>
        <summary>The same by curl</summary>
        <Command text={curl('GET', `${path}?window=${window}`)} />
      </details>
    </div>
  );
}

function Charts({ data, to, minutes, url }: { data: Metrics; to: number; minutes: number; url?: string }) {
  const from = to - minutes * 60_000;
  const { compute, requests, totals, missing = [] } = data;
  /** Why there can be no samples, where they could not be read. */
  const unread = (figures: 'compute' | 'requests'): string | undefined =>
    missing.find((one) => one.figures === figures)?.why;
  const inside = ({ at }: Point): boolean => at >= from && at <= to;
  const series = <T extends { at: string }>(
    name: string,
    all: readonly T[],
    value: (one: T) => number,
  ): Series => ({
    name,
    points: all.map((one) => ({ at: Date.parse(one.at), value: value(one) })).filter(inside),
  });
  const slots = requests.map(({ at }) => Date.parse(at));
  const apart = slots.slice(1).map((at, index) => at - slots[index]!);
  const slotMs = apart.length > 0 && Math.min(...apart) >= 60_000 ? 60_000 : SLOT_MS;
  /** Where nothing was asked, nothing is counted. */
  const counted = (name: string, value: (one: Metrics['requests'][number]) => number): Series => {
    const known = new Map(requests.map((one) => [Date.parse(one.at), value(one) / (slotMs / 1000)]));
    const first = Math.ceil(from / slotMs) * slotMs;
    const points: Point[] = [];
    for (let at = first; at <= to - slotMs; at += slotMs) points.push({ at, value: known.get(at) ?? 0 });
    const newest = slots.at(-1);
    if (newest !== undefined && newest > to - slotMs && newest <= to)
      points.push({ at: newest, value: known.get(newest) ?? 0 });
    return { name, points };
  };
  const common = { from, to };
  const hasRequests = requests.length > 0;
  const noRequests = unread('requests') ?? 'No requests in this time.';
  const noCompute = unread('compute') ?? 'No samples yet: the first comes within seconds of its start.';
  return (
    <>
      {url !== undefined && !hasRequests && unread('requests') === undefined && (
        <p>
          Nobody has asked it in this time: open <ExternalLink href={url} /> and look again.
        </p>
      )}
      <div className="columns">
        <Container>
          <Chart
            {...common}
            title="CPU"
            series={[series('cores', compute, ({ cpu }) => cpu)]}
            format={cores}
            least={0.01}
            gapMs={60_000}
            none={noCompute}
          />
        </Container>
        <Container>
          <Chart
            {...common}
            title="Memory"
            series={[series('in use', compute, ({ memoryBytes }) => memoryBytes)]}
            format={sizeWord}
            least={1_000_000}
            gapMs={60_000}
            none={noCompute}
          />
        </Container>
        <Container>
          <Chart
            {...common}
            title="Requests and errors"
            series={
              hasRequests
                ? [counted('requests', (one) => one.requests), counted('errors', (one) => one.errors)]
                : []
            }
            format={perSecond}
            least={0.1}
            gapMs={slotMs * 1.5}
            none={noRequests}
          />
        </Container>
        <Container>
          <Chart
            {...common}
            title="Latency"
            series={
              hasRequests
                ? [
                    series('median', requests, ({ p50Ms }) => p50Ms),
                    series('99th percentile', requests, ({ p99Ms }) => p99Ms),
                  ]
                : []
            }
            format={milliseconds}
            least={1}
            gapMs={slotMs * 1.5}
            none={noRequests}
          />
        </Container>
      </div>
      {unread('requests') === undefined && (
        <p className="soft">
          {totals.requests.toLocaleString('en')} requests in this time, {totals.errors.toLocaleString('en')}{' '}
          of them answered with a status of 500 or more.
        </p>
      )}
    </>
  );
}
