/** What differs between two deployments, or what one would change. */
import type { ReactNode } from 'react';
import type { Change } from '../../../client/types.generated.ts';
import { plain } from './plain.ts';

const signs = { added: '+', removed: '−', changed: '~' } as const;

const what = ({ area, container, name }: Change): string =>
  [area, container, name === area ? undefined : plain(name)]
    .filter((part) => part !== undefined && part !== '')
    .join(' · ');

/** A hash says no more by all of its characters. */
const short = (text: string): string => text.replaceAll(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1…');

interface ChangeTableProps {
  label: string;
  /** Rows of what, before and after. */
  children: ReactNode;
}

export const ChangeTable = ({ label, children }: ChangeTableProps) => (
  <table className="changes" aria-label={label}>
    <thead>
      <tr>
        <th scope="col">What</th>
        <th scope="col">Before</th>
        <th scope="col">After</th>
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);

/** Ids and digests say that it is another image, and nothing that people read. */
const isImage = ({ area }: Change): boolean => area === 'version';

/** @param none what is said where nothing differs */
export function Changes({ of, none }: { of: readonly Change[]; none: string }) {
  if (of.length === 0) return <p className="soft">{none}</p>;
  const images = of.filter(isImage);
  const others = of.filter((change) => !isImage(change));
  return (
    <>
      {others.length === 0 ? (
        <p className="soft">The Score file and the variables are the same.</p>
      ) : (
        <Rows of={others} />
      )}
      {images.length > 0 && (
        <details>
          <summary>Version and digest of the image</summary>
          <Rows of={images} />
        </details>
      )}
    </>
  );
}

function Rows({ of }: { of: readonly Change[] }) {
  return (
    <ChangeTable label="What changes">
      {of.map((change) => (
        <tr key={`${change.area} ${change.container} ${change.name}`} className={change.change}>
          <th scope="row">
            <span className="sign" aria-hidden="true">
              {signs[change.change]}
            </span>
            {what(change)} <span className="soft small">{change.change}</span>
          </th>
          <td data-label="Before: ">
            <Value text={change.before} hidden={change.hidden && change.change !== 'added'} />
          </td>
          <td data-label="After: ">
            <Value text={change.after} hidden={change.hidden && change.change !== 'removed'} />
          </td>
        </tr>
      ))}
    </ChangeTable>
  );
}

function Value({ text, hidden }: { text: string | undefined; hidden: boolean | undefined }) {
  if (hidden) return <span className="soft">•••••• (not shown)</span>;
  if (text === undefined) return <span className="soft">–</span>;
  return <code title={plain(text)}>{plain(short(text))}</code>;
}
