/** The figures of a service in four charts that show one moment: rate, errors, latency, and memory and CPU with their limits. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import type { Metrics } from '../../../../client/types.generated.ts';
import { plain } from '../plain.ts';
import { sizeWord } from '../version.tsx';
import { Chart, type Marker } from './chart.tsx';
import './chart.css';
import { asked, errorShare, perSecond, type Range, rate, slotOf, spacingOf, used } from './series.ts';
import { FiguresTable } from './table.tsx';

const cores = (value: number): string => String(Number(value.toFixed(value >= 1 ? 2 : 3)));
const percent = (value: number): string => `${Number(value.toFixed(value >= 10 ? 0 : 1))}\u00a0%`;
const milliseconds = (value: number): string =>
  value >= 1000 ? `${Number((value / 1000).toFixed(2))}\u00a0s` : `${Number(value.toFixed(1))}\u00a0ms`;

/** Points of CPU and memory that are further apart are not joined, milliseconds. */
const COMPUTE_GAP_MS = 60_000;

interface FiguresProps {
  of: Metrics;
  range: Range;
  markers?: readonly Marker[];
}

export function Figures({ of: metrics, range, markers = [] }: FiguresProps) {
  const [at, set] = useState<number>();
  const why = (figures: 'compute' | 'requests'): string | undefined => {
    const found = metrics.missing?.find((one) => one.figures === figures)?.why;
    return found === undefined ? undefined : plain(found);
  };
  const memory = used(metrics, range, ({ memoryBytes }) => memoryBytes);
  const cpu = used(metrics, range, (one) => one.cpu);
  const rates = rate(metrics, range);
  const quantiles = (['p50Ms', 'p95Ms', 'p99Ms'] as const).map((name) => ({
    name: name.slice(0, 3),
    points: asked(metrics, range, (one) => one[name]),
  }));
  const errors = errorShare(metrics, range);
  const common = { ...range, markers, moment: { at, set } };
  const ofRequests = {
    ...common,
    gapMs: slotOf(metrics) * 1.5,
    none: why('requests') ?? 'No requests in this time.',
  };
  const ofCompute = {
    ...common,
    isLow: true,
    gapMs: Math.max(COMPUTE_GAP_MS, spacingOf(memory) * 2.5),
    none: why('compute') ?? 'No samples in this time: the first comes within seconds of its start.',
  };
  const { limits } = metrics;
  return (
    <>
      <div className="figures">
        <Container>
          <Chart
            {...ofRequests}
            title="Rate"
            series={[{ name: 'requests', points: rates }]}
            format={perSecond}
            least={0.1}
          />
        </Container>
        <Container>
          <Chart
            {...ofRequests}
            title="Errors"
            series={[{ name: 'answered with 5xx', points: errors }]}
            format={percent}
            least={1}
          />
        </Container>
        <Container>
          <Chart {...ofRequests} title="Latency" series={quantiles} format={milliseconds} least={1} />
        </Container>
        <Container>
          <Chart
            {...ofCompute}
            title="Memory"
            series={[{ name: 'in use', points: memory }]}
            limit={limits.memoryBytes}
            format={sizeWord}
            least={1_000_000}
          />
          <Chart
            {...ofCompute}
            title="CPU"
            series={[{ name: 'cores', points: cpu }]}
            limit={limits.cpu}
            format={cores}
            least={0.01}
          />
        </Container>
      </div>
      <FiguresTable
        range={range}
        columns={[
          { name: 'Rate', points: rates, format: perSecond },
          { name: '5xx', points: errors, format: percent },
          ...quantiles.map((one) => ({ ...one, format: milliseconds })),
          { name: 'Memory', points: memory, format: sizeWord },
          { name: 'CPU', points: cpu, format: cores },
        ]}
      />
    </>
  );
}
