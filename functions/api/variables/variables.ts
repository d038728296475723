/** Routes of the variables of an environment: plain settings, one by one or as a file. */

import { createHash } from 'node:crypto';
import * as z from 'zod';
import { readersOf } from '../../commands/variables/variable-readers.ts';
import { changeVariables, readVariables, removeVariable } from '../../commands/variables/variables.ts';
import { DotenvError, parseDotenv } from '../../core/dotenv.ts';
import { limits } from '../../core/limits.ts';
import type { Variables } from '../../core/model/index.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getEnvironment } from '../../records/read.ts';
import { JSON_MAX_BYTES, readBytes } from '../http/body.ts';
import { SECRET_NAME_PATTERN, SECRET_NAME_RULE } from '../http/params.ts';
import { invalidRequest } from '../http/problems.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { timeSchema } from '../http/schemas.ts';
import { readBySchema, readersParam } from './readers-param.ts';

const VALUE_MAX_BYTES = limits.variableValue.value;
const VALUE_RULE = 'must be text of at most 64 KiB without NUL';
const isValue = (text: string): boolean =>
  text.isWellFormed() && !text.includes('\0') && Buffer.byteLength(text) <= VALUE_MAX_BYTES;
const valueSchema = z
  .string()
  .refine(isValue, VALUE_RULE)
  .meta({ description: 'Up to 64 KiB of text; it may be empty.', example: 'debug' });

const variableSchema = z
  .object({
    name: z.string().meta({ example: 'LOG_LEVEL' }),
    value: z.string().meta({ example: 'debug' }),
    updatedAt: timeSchema,
    updatedBy: z.string().meta({ example: 'user:ada' }),
    readBy: readBySchema,
  })
  .meta({ id: 'Variable' });
const listSchema = z.object({ items: z.array(variableSchema) }).meta({ id: 'Variables' });

const viewsOf = ({ data }: Item<Variables>) =>
  Object.entries(data.variables)
    .map(([name, variable]) => ({ name, ...variable }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

const listed = (item: Item<Variables>, readers?: ReadonlyMap<string, string[]>): Reply => ({
  status: 200,
  body: {
    items: readers
      ? viewsOf(item).map((view) => ({ ...view, readBy: readers.get(view.name) ?? [] }))
      : viewsOf(item),
  },
  etag: etagOf(item),
});

const named =
  (name: string) =>
  (item: Item<Variables>): Reply => ({
    status: 200,
    body: viewsOf(item).find((one) => one.name === name),
  });

const TAKES =
  'A workload reads it as ${resources.<name>.<VARIABLE>} of a resource of type `environment`, from its next ' +
  'deployment or restart on; one without a Score file, or with `berth.dev/variables: all`, has all of them by their ' +
  'names. A name is that of a variable or of a secret.';

/** @throws Problem invalid_request */
function readFile(bytes: Uint8Array): Map<string, string> {
  const fail = (message: string) => invalidRequest([{ path: 'body', message }]);
  try {
    const found = parseDotenv(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const bad = [...found].find(([, value]) => !isValue(value));
    if (bad) throw fail(`${bad[0]} ${VALUE_RULE}`);
    return found;
  } catch (error) {
    if (error instanceof DotenvError) throw fail(error.message);
    if (error instanceof TypeError) throw fail('must be UTF-8');
    throw error;
  }
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/variables',
    policy: { action: 'variable.read', scope: 'project' },
    operationId: 'listVariables',
    summary: 'List the variables of an environment',
    description: 'All of them, by name. They are no secrets: what has to be hidden is a secret.',
    tag: 'Environments',
    query: z.strictObject({ readers: readersParam }),
    answers: { 200: { summary: 'All variables', schema: listSchema, etag: true } },
    handle: async ({ ports, params, query }) => {
      const { data: environment } = await getEnvironment(ports.store, params);
      const readers = query.readers ? await readersOf(ports, environment) : undefined;
      return listed(await readVariables(ports, environment), readers);
    },
  }),
  route({
    method: 'put',
    path: '/v1/projects/{project}/environments/{environment}/variables',
    policy: { action: 'variable.write', scope: 'project' },
    operationId: 'replaceVariables',
    summary: 'Set all variables of an environment',
    description: `Those that are not named are removed. As text/plain it takes a \`.env\` file. ${TAKES}`,
    tag: 'Environments',
    body: z.strictObject({
      variables: z
        .record(z.string().regex(SECRET_NAME_PATTERN, SECRET_NAME_RULE), valueSchema)
        .meta({ description: 'Values by name.' }),
    }),
    bodyExamples: { two: { variables: { LOG_LEVEL: 'debug', GREETING: '' } } },
    upload: {
      mediaType: 'text/plain',
      summary: 'A `.env` file: NAME=value in each line',
      async handle({ ports, params, precondition, request, change }) {
        const bytes = await readBytes(request.body, JSON_MAX_BYTES);
        const all = readFile(bytes);
        return change(
          (item: Item<Variables>) => listed(item),
          (caller) => changeVariables(ports, caller, params, { all }, precondition),
          createHash('sha256').update(bytes).digest('hex'),
        );
      },
    },
    conditional: true,
    answers: { 200: { summary: 'All variables', schema: listSchema, etag: true } },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, body, precondition, change }) =>
      change(
        (item: Item<Variables>) => listed(item),
        (caller) =>
          changeVariables(
            ports,
            caller,
            params,
            { all: new Map(Object.entries(body.variables)) },
            precondition,
          ),
      ),
  }),
  route({
    method: 'put',
    path: '/v1/projects/{project}/environments/{environment}/variables/{variable}',
    policy: { action: 'variable.write', scope: 'project' },
    operationId: 'putVariable',
    summary: 'Set a variable',
    description: TAKES,
    tag: 'Environments',
    body: z.strictObject({ value: valueSchema }),
    bodyExamples: { debug: { value: 'debug' } },
    answers: { 200: { summary: 'The variable', schema: variableSchema } },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, body, change }) =>
      change(named(params.variable), (caller) =>
        changeVariables(ports, caller, params, { some: new Map([[params.variable, body.value]]) }),
      ),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/environments/{environment}/variables/{variable}',
    policy: { action: 'variable.write', scope: 'project' },
    operationId: 'deleteVariable',
    summary: 'Remove a variable',
    description:
      'What runs keeps the value that it was deployed with; a later deployment that needs it fails.',
    tag: 'Environments',
    answers: { 204: { summary: 'Removed' } },
    problems: ['environment_not_ready', 'conflict'],
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => removeVariable(ports, caller, params, params.variable)),
  }),
];
