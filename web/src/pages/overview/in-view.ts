/** Which rows and columns of a large board are near what one sees: the others are not drawn. */
import { type RefObject, useEffect, useState } from 'react';

export interface InView {
  rows: ReadonlySet<number>;
  columns: ReadonlySet<number>;
}

/** Drawn before it is known what one sees. */
const FIRST: InView = { rows: new Set([0, 1, 2, 3, 4, 5]), columns: new Set([0, 1, 2, 3, 4]) };

/** Cells of a board that is drawn whole, on show or not. */
const WHOLE_MAX = 100;

export const isLarge = (rows: number, columns: number): boolean => rows * columns > WHOLE_MAX;

/**
 * Looks at the elements with `data-row` and `data-column` in a frame that scrolls.
 * @param shape changes when there are other rows or columns @param isOn false: everything is drawn, and nothing looked at
 */
export function useInView(frame: RefObject<HTMLElement | null>, shape: string, isOn: boolean): InView {
  const [inView, setInView] = useState(FIRST);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with another shape there are other elements.
  useEffect(() => {
    if (!isOn || !frame.current) return;
    const observer = new IntersectionObserver(
      (entries) =>
        setInView((before) => {
          const rows = new Set(before.rows);
          const columns = new Set(before.columns);
          for (const { target, isIntersecting } of entries) {
            const { row, column } = (target as HTMLElement).dataset;
            const [set, at] = row === undefined ? [columns, Number(column)] : [rows, Number(row)];
            if (isIntersecting) set.add(at);
            else set.delete(at);
          }
          return { rows, columns };
        }),
      { root: frame.current },
    );
    for (const one of frame.current.querySelectorAll('[data-row], [data-column]')) observer.observe(one);
    return () => observer.disconnect();
  }, [shape, isOn]);
  return inView;
}
