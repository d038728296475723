/** The projects that someone is let into, by name: those of the person and of each group, merged. */

import { memberIds } from '../../core/authorization/principal.ts';
import { membershipsPartition, PROJECTS, projectKey } from '../../core/keys.ts';
import type { Principal, Project } from '../../core/model/index.ts';
import type { Item, Page, Store } from '../../ports/store.ts';
import { type PageQuery, readNamedPage, readPage } from '../http/list-pages.ts';

/** One page of the projects that a principal may see. */
export async function projectsOf(
  store: Store,
  principal: Principal,
  query: PageQuery,
): Promise<Page<Project>> {
  const { limits, administrator } = principal;
  const only = limits?.project;
  if (only !== undefined) {
    const item = query.cursor === undefined ? await store.get<Project>(projectKey(only)) : undefined;
    return { items: item ? [item] : [] };
  }
  if (administrator) return readPage<Project>(store, { pk: PROJECTS }, query);
  return readNamedPage(query, async (after, limit) => {
    const pages = await Promise.all(
      memberIds(principal).map((id) =>
        store.query({ pk: membershipsPartition(id), limit, ...(after !== undefined && { after }) }),
      ),
    );
    // A partition with more pages may have names before these: names behind its page wait for the next page.
    const known = pages.flatMap(({ next }) => (next === undefined ? [] : [next])).sort()[0];
    const names = [...new Set(pages.flatMap(({ items }) => items.map(({ sk }) => sk)))]
      .sort()
      .filter((name) => known === undefined || name <= known);
    const page = names.slice(0, limit);
    const next = page.length < names.length ? page.at(-1) : known;
    return { items: await projectsNamed(store, page), ...(next !== undefined && { next }) };
  });
}

/** A membership may outlive its project for a moment. */
async function projectsNamed(store: Store, names: readonly string[]): Promise<Item<Project>[]> {
  const found: Item<Project>[] = [];
  for (let at = 0; at < names.length; at += 100) {
    const items = await store.getMany<Project>(names.slice(at, at + 100).map(projectKey));
    found.push(...items.filter((item) => item !== undefined));
  }
  return found;
}
