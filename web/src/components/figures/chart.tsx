/**
 * Values over time as lines. The arrow keys move through the points, and each is said in words. Charts that are given one
 * moment show it together.
 */
import { useId, useMemo } from 'react';
import './chart.css';
import type { Point } from './series.ts';

export interface Series {
  name: string;
  points: readonly Point[];
}

/** Something that happened, such as a deployment. */
export interface Marker {
  /** Epoch milliseconds. */
  at: number;
  /** A word or two. */
  label: string;
}

/** The moment that all charts of a page show. */
export interface Moment {
  /** Epoch milliseconds; undefined: the newest point of each. */
  at: number | undefined;
  set(at: number | undefined): void;
}

interface ChartProps {
  title: string;
  /** At most three; the first is drawn filled. */
  series: readonly Series[];
  moment: Moment;
  markers?: readonly Marker[];
  /** What values may reach, drawn as a line. */
  limit?: number | undefined;
  /** Half as high as others. */
  isLow?: boolean;
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
/** Labels of markers that are closer together would stand on each other: a part of the width. */
const LABEL_SHARE = 0.08;

/** A number that reads well, at or above: 1, 2 or 5 and zeros. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((each) => each * power >= value) ?? 10) * power;
}

const DAY_MS = 86_400_000;

/** As exact as the time on show asks for. */
export const clock = (at: number, from: number, to: number): string =>
  new Date(at).toLocaleString('en-GB', {
    ...(to - from > DAY_MS / 2 && { day: 'numeric', month: 'short' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(to - from < 40 * 60_000 && { second: '2-digit' }),
  });

/** Where a sorted list of times comes nearest to one. */
function nearest(times: readonly number[], wanted: number): number {
  let best = 0;
  for (const [index, time] of times.entries())
    if (Math.abs(time - wanted) < Math.abs(times[best]! - wanted)) best = index;
  return best;
}

export function Chart({
  title,
  series,
  moment,
  markers = [],
  limit,
  isLow = false,
  from,
  to,
  format,
  least,
  gapMs,
  none,
}: ChartProps) {
  const id = useId();
  const times = useMemo(
    () => [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b),
    [series],
  );
  const most = Math.max(
    least,
    limit ?? 0,
    ...series.flatMap(({ points }) => points.map(({ value }) => value)),
  );
  const top = roundUp(most);
  const x = (at: number): number => ((at - from) / (to - from)) * WIDTH;
  const y = (value: number): number => HEIGHT - (value / top) * HEIGHT;
  const index = moment.at === undefined ? times.length - 1 : nearest(times, moment.at);
  const at = times[index];
  const valueAt = ({ points }: Series): number | undefined => points.find((point) => point.at === at)?.value;
  const words =
    at === undefined
      ? none
      : `${clock(at, from, to)}: ${series
          .map((one) => [one, valueAt(one)] as const)
          .filter(([, value]) => value !== undefined)
          .map(([{ name }, value]) => `${name} ${format(value!)}`)
          .join(', ')}${limit === undefined ? '' : ` of ${format(limit)}`}`;
  const parted = isLow ? 2 : 4;
  const ticks = Array.from({ length: parted + 1 }, (_, part) => (top / parted) * part);
  const choose = (which: number) => moment.set(times[Math.max(0, Math.min(times.length - 1, which))]);
  const inside = markers.filter((one) => one.at >= from && one.at <= to).sort((a, b) => b.at - a.at);
  // The newest have their labels first.
  const labelled: Marker[] = [];
  for (const one of inside) {
    const next = labelled.at(-1);
    if (!next || next.at - one.at >= (to - from) * LABEL_SHARE) labelled.push(one);
  }

  return (
    <figure className={isLow ? 'chart low' : 'chart'} aria-labelledby={id}>
      <figcaption className="row">
        <h2 id={id}>{title}</h2>
        <span className="row row-end small">
          {series.map((one, which) => (
            <span key={one.name} className={`chart-key series-${which}`}>
              <span>{one.name}</span>{' '}
              <strong>{at === undefined ? '–' : formatOr(valueAt(one), format)}</strong>
            </span>
          ))}
          {limit !== undefined && (
            <span className="chart-key chart-limit-key">
              <span>limit</span> <strong>{format(limit)}</strong>
            </span>
          )}
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
            aria-valuenow={index}
            aria-valuetext={words}
            onPointerMove={({ clientX, currentTarget }) => {
              const { left, width } = currentTarget.getBoundingClientRect();
              choose(nearest(times, from + ((clientX - left) / width) * (to - from)));
            }}
            onPointerLeave={() => moment.set(undefined)}
            onBlur={() => moment.set(undefined)}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
              if (event.key === 'Home') choose(0);
              else if (event.key === 'End') choose(times.length - 1);
              else if (by === undefined) return;
              else choose(index + by);
              event.preventDefault();
            }}
          >
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
              {ticks.map((tick) => (
                <line key={tick} className="chart-line" x1="0" x2={WIDTH} y1={y(tick)} y2={y(tick)} />
              ))}
              {inside.map((one) => (
                <line
                  key={one.label}
                  className="chart-marker"
                  x1={x(one.at)}
                  x2={x(one.at)}
                  y1="0"
                  y2={HEIGHT}
                />
              ))}
              {series.map(({ name, points }, which) => (
                <g key={name} className={`series-${which}`}>
                  {parts(points, gapMs).map((part) => (
                    <Part key={part[0]!.at} part={part} x={x} y={y} isFilled={which === 0} />
                  ))}
                </g>
              ))}
              {limit !== undefined && (
                <line className="chart-limit" x1="0" x2={WIDTH} y1={y(limit)} y2={y(limit)} />
              )}
              {at !== undefined && <line className="chart-cursor" x1={x(at)} x2={x(at)} y1="0" y2={HEIGHT} />}
            </svg>
            {labelled.map((one) => (
              <span
                key={one.label}
                aria-hidden="true"
                className="chart-marker-label small"
                style={{ insetInlineStart: `${(x(one.at) / WIDTH) * 100}%` }}
              >
                {one.label}
              </span>
            ))}
          </div>
          <div className="chart-times small soft" aria-hidden="true">
            <span>{clock(from, from, to)}</span>
            <span>{moment.at === undefined || at === undefined ? '' : clock(at, from, to)}</span>
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
