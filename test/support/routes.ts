/** All routes of the API, each with its file loaded. */
import { loadRoutes } from '../../functions/api/routes.ts';

export const routes = await loadRoutes();
