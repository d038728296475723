/** Orders names so that each comes behind those that it depends on. */

export type Ordered = { order: string[] } | { cycle: string[] };

/**
 * Orders depth first, in the order given, so that the same workload is always ordered the same way. It keeps its own
 * stack, since a long chain would overflow the engine's.
 * @param dependencies of a name; each must be one of `names`
 * @returns the order, or one cycle whose first name is repeated at its end
 */
export function dependencyOrder(
  names: readonly string[],
  dependencies: (name: string) => Iterable<string>,
): Ordered {
  const order: string[] = [];
  const done = new Set<string>();
  const open = new Map<string, Iterator<string>>();
  for (const root of names) {
    if (done.has(root)) continue;
    const stack = [root];
    open.set(root, dependencies(root)[Symbol.iterator]());
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      const next = open.get(name)?.next();
      if (!next || next.done) {
        stack.pop();
        open.delete(name);
        done.add(name);
        order.push(name);
      } else if (open.has(next.value)) {
        return { cycle: [...stack.slice(stack.indexOf(next.value)), next.value] };
      } else if (!done.has(next.value)) {
        stack.push(next.value);
        open.set(next.value, dependencies(next.value)[Symbol.iterator]());
      }
    }
  }
  return { order };
}
