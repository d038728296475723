/** A link out of the console, where it is one that a browser opens as a page; its text otherwise. */
import type { ReactNode } from 'react';
import { plain } from './plain.ts';

export function ExternalLink({ href, children }: { href: string; children?: ReactNode }) {
  const content = children ?? plain(href);
  if (!/^https?:\/\//i.test(href)) return <span>{content}</span>;
  return (
    <a href={href} rel="noopener noreferrer" target="_blank">
      {content}
    </a>
  );
}
