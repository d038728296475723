/** The routes of the API, each file loaded at its first request: a function that starts needs only one of them. */
import { readFileSync } from 'node:fs';
import type { LazyRoute } from '../../api/http/app.ts';
import type { Route } from '../../api/http/route-spec.ts';
import { routeFiles } from '../../api/routes.ts';

/** A route before its file is loaded. */
export interface RouteEntry extends Pick<Route, 'method' | 'path'> {
  /** Index of its file in `routeFiles`. */
  file: number;
}

/**
 * The list that scripts/routes.ts prints when a bundle is made, and that lies beside the program as `routes.json`.
 */
export async function listRoutes(): Promise<RouteEntry[]> {
  const files = await Promise.all(routeFiles.map((load) => load()));
  return files.flatMap(({ routes }, file) => routes.map(({ method, path }) => ({ method, path, file })));
}

/** The routes as they were listed when the bundle was made. */
const bundled = (): RouteEntry[] =>
  JSON.parse(readFileSync(new URL('./routes.json', import.meta.url), 'utf8'));

export function lazyRoutes(entries: readonly RouteEntry[] = bundled()): LazyRoute[] {
  return entries.map(({ method, path, file }) => ({
    method,
    path,
    load: async () => {
      const { routes = [] } = (await routeFiles[file]?.()) ?? {};
      const found = routes.find((route) => route.method === method && route.path === path);
      if (!found) throw new Error(`The bundle has no route ${method} ${path}`);
      return found;
    },
  }));
}
