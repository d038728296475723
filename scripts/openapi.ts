/** Prints the OpenAPI document. */
import { describeApi } from '../functions/api/routes.ts';

process.stdout.write(JSON.stringify(await describeApi()));
