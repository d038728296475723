/** The spans of a trace as a tree reads: each below the one that it is within. */
import type { Span } from './types.generated.ts';

export interface NestedSpan {
  span: Span;
  /** How many are above it. */
  depth: number;
}

/** @param spans in the order of their beginnings, which spans of one parent keep */
export function nestedSpans(spans: readonly Span[]): NestedSpan[] {
  const known = new Set(spans.map(({ id }) => id));
  const within = Map.groupBy(spans, ({ parent }) =>
    parent !== undefined && known.has(parent) ? parent : undefined,
  );
  const rows: NestedSpan[] = [];
  const seen = new Set<Span>();
  const stack = (within.get(undefined) ?? []).map((span) => ({ span, depth: 0 })).reverse();
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (seen.has(next.span)) continue;
    seen.add(next.span);
    rows.push(next);
    const depth = next.depth + 1;
    for (const span of [...(within.get(next.span.id) ?? [])].reverse()) stack.push({ span, depth });
  }
  // What is within itself has no beginning: it stands at the end.
  for (const span of spans) if (!seen.has(span)) rows.push({ span, depth: 0 });
  return rows;
}
