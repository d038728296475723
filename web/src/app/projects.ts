import { all, api } from '../api/client.ts';
import { useQuery } from '../api/query.ts';

/** All projects that one may see. */
export const useProjects = () =>
  useQuery('/v1/projects', (signal) =>
    all((query) => api.GET('/v1/projects', { params: { query }, signal })),
  );
