import { useLocation } from 'wouter';
import { all, api } from '../api/client.ts';
import { useQuery } from '../api/query.ts';
import { isName } from './paths.ts';

/** All projects that one may see. */
export const useProjects = () =>
  useQuery('/v1/projects', (signal) =>
    all((query) => api.GET('/v1/projects', { params: { query }, signal })),
  );

/** The project that the address names. */
export function useCurrentProject(): string | undefined {
  const [location] = useLocation();
  const [, first, project] = location.split('/');
  return first === 'projects' && isName(project) ? project : undefined;
}
