/** Going through a board by the arrow keys: from cell to cell, also to those that are not drawn yet. */
import { type FocusEvent, type KeyboardEvent, type RefObject, useLayoutEffect, useState } from 'react';

export interface CellAt {
  row: number;
  column: number;
}

const steps: Readonly<Record<string, CellAt>> = {
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
};

const cellOf = (target: EventTarget): CellAt | undefined => {
  const { cell } = (target as HTMLElement).closest<HTMLElement>('[data-cell]')?.dataset ?? {};
  const [row, column] = cell?.split('/').map(Number) ?? [];
  return row === undefined || column === undefined ? undefined : { row, column };
};

interface ArrowKeys {
  /** Where the focus is: this cell has to be drawn, in sight or not. */
  at: CellAt | undefined;
  onKeyDown(event: KeyboardEvent): void;
  onFocus(event: FocusEvent): void;
}

/** For a table whose cells have `data-cell="<row>/<column>"`. */
export function useArrowKeys(frame: RefObject<HTMLElement | null>, rows: number, columns: number): ArrowKeys {
  const [at, setAt] = useState<CellAt>();
  const [wanted, setWanted] = useState<CellAt>();
  useLayoutEffect(() => {
    if (!wanted) return;
    const cell = frame.current?.querySelector<HTMLElement>(`[data-cell="${wanted.row}/${wanted.column}"]`);
    (cell?.querySelector<HTMLElement>('.cell a, .cell button') ?? cell)?.focus();
    cell?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    setWanted(undefined);
  }, [wanted, frame]);
  return {
    at,
    onFocus: ({ target }) => {
      const next = cellOf(target);
      if (next && (next.row !== at?.row || next.column !== at?.column)) setAt(next);
    },
    onKeyDown(event) {
      const step = steps[event.key];
      const from = cellOf(event.target);
      if (!step || !from || event.altKey || event.ctrlKey || event.metaKey) return;
      const next = { row: from.row + step.row, column: from.column + step.column };
      if (next.row < 0 || next.column < 0 || next.row >= rows || next.column >= columns) return;
      event.preventDefault();
      setAt(next);
      setWanted(next);
    },
  };
}
