/** Values over time as lines. The arrow keys move through the points, and each is said in words. */
import { useId, useMemo, useState } from 'react';
import './chart.css';

export interface Point {
  /** Epoch milliseconds. */
  at: number;
  value: number;
}

export interface Series {
  name: string;
  points: readonly Point[];
}

interface ChartProps {
  title: string;
  /** At most two; the first is drawn filled. */
  series: readonly Series[];
  /** Epoch milliseconds. */
  from: number;
  to: number;
  /** A value with its unit. */
  format(value: number): string;
  /** What the axis ends at when all is less. */
  least: number;
  /** Points that are further apart are not joined, milliseconds. */
  gapMs: number;
  /** Said where there is no point. */
  none: string;
}

const WIDTH = 600;
const HEIGHT = 160;
const TICKS = 4;

/** A number that reads well, at or above: 1, 2 or 5 and zeros. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((each) => each * power >= value) ?? 10) * power;
}

const clock = (at: number, from: number, to: number): string =>
  new Date(at).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(to - from < 20 * 60_000 && { second: '2-digit' }),
  });

export function Chart({ title, series, from, to, format, least, gapMs, none }: ChartProps) {
  const id = useId();
  const [chosen, setChosen] = useState<number>();
  const times = useMemo(
    () => [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b),
    [series],
  );
  const most = Math.max(least, ...series.flatMap(({ points }) => points.map(({ value }) => value)));
  const top = roundUp(most);
  const x = (at: number): number => ((at - from) / (to - from)) * WIDTH;
  const y = (value: number): number => HEIGHT - (value / top) * HEIGHT;
  const newest = times.at(-1);
  const at = chosen === undefined ? newest : times[Math.min(chosen, times.length - 1)];
  const valueAt = ({ points }: Series): number | undefined => points.find((point) => point.at === at)?.value;
  const words =
    at === undefined
      ? none
      : `${clock(at, from, to)}: ${series
          .map((one) => [one, valueAt(one)] as const)
          .filter(([, value]) => value !== undefined)
          .map(([{ name }, value]) => `${name} ${format(value!)}`)
          .join(', ')}`;
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => (top / TICKS) * index);
  /** The point that is nearest to a place on the screen. */
  const point = (clientX: number, box: DOMRect) => {
    const wanted = from + ((clientX - box.left) / box.width) * (to - from);
    let best = 0;
    for (const [index, time] of times.entries())
      if (Math.abs(time - wanted) < Math.abs(times[best]! - wanted)) best = index;
    setChosen(best);
  };
  const move = (by: number) =>
    setChosen((before) => Math.max(0, Math.min(times.length - 1, (before ?? times.length - 1) + by)));

  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption className="row">
        <h3 id={id}>{title}</h3>
        <span className="row row-end small">
          {series.map((one, index) => (
            <span key={one.name} className={`chart-key series-${index}`}>
              <span>{one.name}</span>{' '}
              <strong>{at === undefined ? '–' : formatOr(valueAt(one), format)}</strong>
            </span>
          ))}
        </span>
      </figcaption>
      {times.length === 0 ? (
        <p className="chart-none soft">{none}</p>
      ) : (
        <div className="chart-grid">
          <div className="chart-values small soft" aria-hidden="true">
            {ticks.toReversed().map((tick) => (
              <span key={tick}>{format(tick)}</span>
            ))}
          </div>
          <div
            className="chart-plot"
            role="slider"
            tabIndex={0}
            aria-label={`${title}, point in time`}
            aria-valuemin={0}
            aria-valuemax={times.length - 1}
            aria-valuenow={Math.min(chosen ?? times.length - 1, times.length - 1)}
            aria-valuetext={words}
            onPointerMove={({ clientX, currentTarget }) =>
              point(clientX, currentTarget.getBoundingClientRect())
            }
            onPointerLeave={() => setChosen(undefined)}
            onBlur={() => setChosen(undefined)}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
              if (event.key === 'Home') setChosen(0);
              else if (event.key === 'End') setChosen(times.length - 1);
              else if (by === undefined) return;
              else move(by);
              event.preventDefault();
            }}
          >
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
              {ticks.map((tick) => (
                <line key={tick} className="chart-line" x1="0" x2={WIDTH} y1={y(tick)} y2={y(tick)} />
              ))}
              {series.map(({ name, points }, index) => (
                <g key={name} className={`series-${index}`}>
                  {parts(points, gapMs).map((part) => (
                    <Part key={part[0]!.at} part={part} x={x} y={y} isFilled={index === 0} />
                  ))}
                </g>
              ))}
              {at !== undefined && <line className="chart-cursor" x1={x(at)} x2={x(at)} y1="0" y2={HEIGHT} />}
            </svg>
          </div>
          <div className="chart-times small soft" aria-hidden="true">
            <span>{clock(from, from, to)}</span>
            <span className={chosen === undefined ? 'chart-now' : ''}>
              {chosen === undefined || at === undefined ? '' : clock(at, from, to)}
            </span>
            <span>{clock(to, from, to)}</span>
          </div>
        </div>
      )}
    </figure>
  );
}

const formatOr = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? '–' : format(value);

/** Points in pieces, cut where some are missing. */
function parts(points: readonly Point[], gapMs: number): Point[][] {
  const pieces: Point[][] = [];
  for (const point of points) {
    const piece = pieces.at(-1);
    const last = piece?.at(-1);
    if (piece && last && point.at - last.at <= gapMs) piece.push(point);
    else pieces.push([point]);
  }
  return pieces;
}

interface PartProps {
  part: readonly Point[];
  x(at: number): number;
  y(value: number): number;
  isFilled: boolean;
}

function Part({ part, x, y, isFilled }: PartProps) {
  const [first, last] = [part[0]!, part.at(-1)!];
  const line = part.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  if (part.length === 1) {
    const [left, at] = [x(first.at), y(first.value).toFixed(1)];
    return <polyline className="chart-value" points={`${left - 2},${at} ${left + 2},${at}`} />;
  }
  return (
    <>
      {isFilled && (
        <polygon className="chart-area" points={`${x(first.at)},${HEIGHT} ${line} ${x(last.at)},${HEIGHT}`} />
      )}
      <polyline className="chart-value" points={line} />
    </>
  );
}
