/** Which rows and columns of a large board are near what one sees: the others are not drawn. */
import { type RefObject, useEffect, useState } from 'react';

export interface InView {
  rows: ReadonlySet<number>;
  columns: ReadonlySet<number>;
}

/** Drawn before it is known what one sees. */
const FIRST: InView = { rows: new Set([0, 1, 2, 3, 4, 5]), columns: new Set([0, 1, 2, 3, 4]) };

/** Rows so near to what one sees are drawn before one comes to them. */
const PAGE_MARGIN = '400px 0px';

/** Cells of a board that is drawn whole, on show or not; on a phone they are one below the other. */
const WHOLE_MAX = { wide: 100, phone: 16 };

export const isLarge = (rows: number, columns: number, screen: keyof typeof WHOLE_MAX): boolean =>
  rows * columns > WHOLE_MAX[screen];

/**
 * Looks at the elements with `data-row` and `data-column` in a frame that scrolls.
 * @param shape changes when there are other rows or columns
 * @param scrolls what moves the rows: the frame, or the page, where only rows are looked at; undefined: everything is drawn
 */
export function useInView(
  frame: RefObject<HTMLElement | null>,
  shape: string,
  scrolls: 'frame' | 'page' | undefined,
): InView {
  const [inView, setInView] = useState(FIRST);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with another shape there are other elements.
  useEffect(() => {
    if (!scrolls || !frame.current) return;
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
      scrolls === 'frame' ? { root: frame.current } : { rootMargin: PAGE_MARGIN },
    );
    const looked = scrolls === 'frame' ? '[data-row], [data-column]' : '[data-row]';
    for (const one of frame.current.querySelectorAll(looked)) observer.observe(one);
    return () => observer.disconnect();
  }, [shape, scrolls]);
  return inView;
}
