/** People, groups, tokens and pipelines by a name; the id is the title. */
import { plain } from '../plain.ts';

const KIND = /^(user|group|email|token|ci):(.+)$/s;

/** The text behind an id: ids have other characters as `=` and two hex digits for each byte. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('%', '%25').replaceAll(/=([0-9A-F]{2})/g, '%$1'));
  } catch {
    return text;
  }
}

/** @example personWord('user:ada') // "ada" */
export function personWord(id: string): string {
  const [, kind, rest = ''] = KIND.exec(id) ?? [];
  if (kind === undefined) return plain(id);
  const name = plain(unescaped(rest));
  if (kind === 'token') return `token …${name.slice(-4)}`;
  return kind === 'group' ? `group ${name}` : kind === 'ci' ? `pipeline ${name}` : name;
}

/** What stands in the circle beside the name. */
const initial = (word: string): string =>
  ([...word.replace(/^(?:group|pipeline|token) …?/, '')][0] ?? '?').toUpperCase();

export function Who({ id }: { id: string }) {
  return <span title={plain(id)}>{personWord(id)}</span>;
}

/** With a circle that tells them apart in a list. */
export function WhoMark({ id }: { id: string }) {
  const word = personWord(id);
  return (
    <span className="who" title={plain(id)}>
      <span className="who-mark" aria-hidden="true">
        {initial(word)}
      </span>
      <span>{word}</span>
    </span>
  );
}

const PLAIN = /[A-Za-z0-9._~@+,$!-]/;

/** The id of a person or a group. @example principalId('group', 'a team') // "group:a=20team" */
export function principalId(kind: 'user' | 'email' | 'group', name: string): string {
  const text = kind === 'email' ? name.toLowerCase() : name.replace(/^(?:user|group):/, '');
  const escaped = [...text].map((character) =>
    PLAIN.test(character)
      ? character
      : [...new TextEncoder().encode(character)]
          .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
          .join(''),
  );
  return `${kind}:${escaped.join('')}`;
}
