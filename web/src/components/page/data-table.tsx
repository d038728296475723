/** A list as a table: a row a thing, and on a small screen one below the other. */
import Button from '@cloudscape-design/components/button';
import type { ReactNode } from 'react';
import type { List } from '../../api/list.ts';
import { plain } from '../plain.ts';
import { Loading } from './loading.tsx';
import './data-table.css';

export interface Column<T> {
  head: string;
  cell(item: T): ReactNode;
  /** Buttons: at the end of the row, and its head is for those who hear it alone. */
  isActions?: boolean;
}

interface DataTableProps<T> {
  label: string;
  of: List<T>;
  columns: readonly Column<T>[];
  keyOf(item: T): string;
  /** What is said where there is nothing. */
  none: ReactNode;
}

export function DataTable<T>({ label, of: { items, error, more }, columns, keyOf, none }: DataTableProps<T>) {
  if (error && !items) {
    return (
      <p role="alert" className="soft">
        {plain(error.message)} {plain(error.hint ?? '')}
      </p>
    );
  }
  if (!items) return <Loading />;
  if (items.length === 0) return <div className="table-none soft">{none}</div>;
  return (
    <>
      <table className="data" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ head, isActions }) => (
              <th key={head} scope="col">
                {isActions ? <span className="unseen">{head}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              {columns.map(({ head, cell, isActions }, at) =>
                at === 0 ? (
                  <th key={head} scope="row">
                    {cell(item)}
                  </th>
                ) : (
                  <td key={head} {...(isActions ? { className: 'data-actions' } : { 'data-label': head })}>
                    {cell(item)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more && (
        <div className="table-more">
          <Button onClick={more}>Show more</Button>
        </div>
      )}
    </>
  );
}
