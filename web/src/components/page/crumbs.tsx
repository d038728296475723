/** Where a page is: from its project down to itself. */
import { Fragment } from 'react';
import { Link } from 'wouter';
import { projectPath } from '../../app/paths.ts';

/** @param of what is between the project and the page; the page itself is last, without an address */
export function Crumbs({
  project,
  of,
}: {
  project: string;
  of: readonly (readonly [text: string, href?: string | undefined])[];
}) {
  return (
    <nav aria-label="Breadcrumbs" className="crumbs">
      <Link href={projectPath(project)}>{project}</Link>
      {of.map(([text, href]) => (
        <Fragment key={`${text} ${href}`}>
          <span aria-hidden="true">/</span>
          {href === undefined ? <span aria-current="page">{text}</span> : <Link href={href}>{text}</Link>}
        </Fragment>
      ))}
    </nav>
  );
}
