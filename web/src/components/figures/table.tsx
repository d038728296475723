/** The figures that charts draw, in rows to be read. */
import { useState } from 'react';
import { clock } from './chart.tsx';
import type { Point, Range } from './series.ts';

/** Rows of a table: each stands for the time until the next. */
const ROWS = 30;

interface Column {
  name: string;
  points: readonly Point[];
  format(value: number): string;
}

/** The newest point within a time. */
const within = (points: readonly Point[], from: number, to: number): Point | undefined =>
  points.findLast(({ at }) => at >= from && at < to);

export function FiguresTable({ range: { from, to }, columns }: { range: Range; columns: readonly Column[] }) {
  const [isOpen, setOpen] = useState(false);
  const step = (to - from) / ROWS;
  const rows = Array.from({ length: ROWS }, (_, row) => to - (row + 1) * step).filter((start) =>
    columns.some(({ points }) => within(points, start, start + step)),
  );
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The same as a table</summary>
      {isOpen && (
        <div className="figures-table" tabIndex={0} role="group" aria-label="Figures">
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {columns.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((start) => (
                <tr key={start}>
                  <th scope="row">{clock(start, from, to)}</th>
                  {columns.map(({ name, points, format }) => {
                    const point = within(points, start, start + step);
                    return <td key={name}>{point ? format(point.value) : '–'}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
