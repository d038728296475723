/** Descriptions: paragraphs, lists, and code in backticks. */
import type { ReactNode } from 'react';

const LONG_LIST = 10;

/** Text with code in backticks. */
export function Inline({ text = '' }: { text?: string | undefined }) {
  return text.split('`').map(
    (part, at): ReactNode =>
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text.
      at % 2 === 0 ? part : <code key={at}>{part}</code>,
  );
}

type Block = { kind: 'text'; text: string } | { kind: 'list'; items: string[] };

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const last = blocks.at(-1);
    if (!line.startsWith('- ')) blocks.push({ kind: 'text', text: line });
    else if (last?.kind === 'list') last.items.push(line.slice(2));
    else blocks.push({ kind: 'list', items: [line.slice(2)] });
  }
  return blocks;
}

const List = ({ items }: { items: string[] }) => (
  <ul>
    {items.map((item) => (
      <li key={item}>
        <Inline text={item} />
      </li>
    ))}
  </ul>
);

/** A long list is for those who open it: the line before it is what one opens. */
export function Prose({ text = '' }: { text?: string | undefined }) {
  const blocks = blocksOf(text);
  const isLong = (block: Block | undefined): boolean =>
    block?.kind === 'list' && block.items.length > LONG_LIST;
  return blocks.map((block, at) => {
    if (block.kind === 'text') {
      return isLong(blocks[at + 1]) ? null : (
        <p key={block.text}>
          <Inline text={block.text} />
        </p>
      );
    }
    const [first = ''] = block.items;
    const before = blocks[at - 1];
    if (!isLong(block)) return <List key={first} items={block.items} />;
    return (
      <details key={first}>
        <summary>{before?.kind === 'text' ? before.text.replace(/:$/, '') : 'List'}</summary>
        <List items={block.items} />
      </details>
    );
  });
}
