/** Prints the OpenAPI document. */
import { describeApi } from '../functions/api/openapi/document.ts';

process.stdout.write(JSON.stringify(await describeApi()));
