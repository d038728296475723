/** Prints which file each route is in, for the functions' bundles. */
import { listRoutes } from '../functions/hosts/aws/lazy-routes.ts';

process.stdout.write(JSON.stringify(await listRoutes()));
