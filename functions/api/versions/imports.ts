/** The route that reads manifests of other platforms, and writes what they are here. */
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { resourceTypes } from '../../resources/index.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';

const importSchema = z
  .object({
    from: z.array(z.enum(['compose', 'copilot', 'heroku'])),
    services: z
      .array(
        z.object({
          name: z.string().meta({ example: 'shop' }),
          folder: z.string().meta({ description: 'What is built of the source; empty for all of it.' }),
          score: z.string().meta({ description: 'Path of its Score file.', example: 'shop/score.yaml' }),
          jobs: z.array(
            z.object({
              name: z.string(),
              schedule: z.string().meta({ example: '0 9 * * *' }),
              command: z.array(z.string()),
              timeout: z.string().optional(),
              retries: z.int().optional(),
            }),
          ),
        }),
      )
      .meta({ description: 'In the order in which they can be deployed.' }),
    files: z.array(z.object({ path: z.string(), text: z.string() })).meta({
      description:
        'Score files, and variables of environments as `.env` files: by paths from the top of the source.',
    }),
    variables: z.array(z.object({ path: z.string(), environment: z.string().optional() })).meta({
      description: 'Which file has the variables of which environment; without a name, of all others.',
    }),
    secrets: z.array(z.object({ name: z.string(), was: z.string() })).meta({
      description: 'What the services read and nobody has written down here, and where it was.',
    }),
    left: z.array(
      z.object({
        kind: z.enum(['edit', 'set', 'note']).meta({
          description:
            '`edit`: it does not run right before the source or the Score file is changed. `set`: something has to be set once. `note`: it runs without.',
        }),
        of: z.string(),
        what: z.string(),
        todo: z.string().meta({ description: 'What to do about it.' }),
      }),
    ),
  })
  .meta({ id: 'Import' });

export const routes = [
  route({
    method: 'post',
    path: '/v1/imports',
    policy: { action: 'me.read', scope: 'platform' },
    operationId: 'importManifests',
    summary: 'Read manifests of another platform as Score files',
    description:
      'Takes `copilot/<name>/manifest.yml` of AWS Copilot with its addons, `app.json` and `Procfile` of Heroku, or a Compose ' +
      'file, and the files of variables that they name, of which the names alone are read. Nothing is kept.',
    tag: 'Services',
    body: z.strictObject({
      name: nameSchema.meta({ description: 'Of the service, where no manifest says one.', example: 'shop' }),
      files: z
        .record(z.string().max(1024), z.string().max(limits.detectionText.value))
        .refine((files) => Object.keys(files).length <= limits.importedFiles.value, {
          message: `must be ${limits.importedFiles.value} files at most`,
        })
        .meta({ description: 'Texts by their paths from the top of the source, with slashes.' }),
    }),
    bodyExamples: {
      heroku: {
        name: 'shop',
        files: { Procfile: 'web: node server.js', 'app.json': '{"addons": ["heroku-postgresql"]}' },
      },
    },
    answers: { 200: { summary: 'What was read', schema: importSchema } },
    handle: async ({ body }) => {
      // The reader and the writer of YAML are loaded when somebody asks.
      const { importManifests } = await import('../../core/imports/import-manifests.ts');
      const types = new Map(
        resourceTypes.map(({ type, outputs }) => [
          type,
          new Set(typeof outputs === 'string' ? [] : Object.keys(outputs)),
        ]),
      );
      return { status: 200, body: importManifests(body.name, new Map(Object.entries(body.files)), types) };
    },
  }),
];
