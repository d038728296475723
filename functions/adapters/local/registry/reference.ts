/** What people write to name an image: a digest, a tag, or both behind the repository's name. */
import type { RepositoryRef } from '../../../ports/registry.ts';
import { DIGEST_PATTERN } from './oci-layout.ts';

export const TAG_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * @returns undefined when it names nothing in this repository. Where a digest is given, it alone counts.
 * @example parseReference({ project: 'demo', service: 'web' }, 'demo/web:1.2') // { tag: '1.2' }
 */
export function parseReference(
  { project, service }: RepositoryRef,
  reference: string,
): { digest: string } | { tag: string } | undefined {
  const name = `${project}/${service}`;
  if (reference === name) return { tag: 'latest' };
  const rest = reference.startsWith(`${name}:`) || reference.startsWith(`${name}@`);
  const text = rest ? reference.slice(name.length + (reference[name.length] === ':' ? 1 : 0)) : reference;
  const at = text.lastIndexOf('@');
  if (at !== -1) {
    const [tag, digest] = [text.slice(0, at), text.slice(at + 1)];
    return rest && DIGEST_PATTERN.test(digest) && (tag === '' || TAG_PATTERN.test(tag))
      ? { digest }
      : undefined;
  }
  if (DIGEST_PATTERN.test(text)) return { digest: text };
  return TAG_PATTERN.test(text) ? { tag: text } : undefined;
}
