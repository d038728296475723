/** Routes of the backups of a resource's data. */
import { Readable } from 'node:stream';
import * as z from 'zod';
import { getBackup } from '../../commands/backups/backup-records.ts';
import {
  deleteBackup,
  downloadBackup,
  listBackups,
  startBackup,
  startRestore,
} from '../../commands/backups/backups.ts';
import type { Backup } from '../../core/model/index.ts';
import { fileResponse, noContent, redirectResponse } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { membersOf, timeSchema } from '../http/schemas.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';

const backupSchema = z
  .object({
    id: z.string().meta({ example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }),
    state: z.enum(['making', 'checked', 'failed', 'deleting']).meta({
      description: '`checked`: it was restored beside the database on trial, and what came of it was equal.',
    }),
    error: z
      .object({ code: z.string(), cause: z.string(), hint: z.string() })
      .optional()
      .meta({ description: 'Why it failed.' }),
    bytes: z.int().optional().meta({ description: 'Compressed.' }),
    tables: z.int().optional(),
    rows: z.int().optional(),
    scheduled: z.literal(true).optional().meta({ description: 'Its plan asked for it.' }),
    operation: z.string(),
    createdAt: timeSchema,
    createdBy: z.string(),
  })
  .meta({ id: 'Backup' });

const view = (backup: Backup): z.infer<typeof backupSchema> => membersOf(backupSchema, { ...backup });

/** No path can hold the `#` of a uid, and no uid a colon. */
export const refOf = <Params extends { resource: string }>(params: Params): Params => ({
  ...params,
  resource: params.resource.replace(':', '#'),
});

const RESOURCE = '/v1/projects/{project}/environments/{environment}/resources/{resource}';
const PATH = `${RESOURCE}/backups` as const;
const problems = ['environment_not_ready', 'operation_in_progress', 'conflict', 'not_supported'] as const;
const GZIP = 'application/gzip';

export const routes = [
  route({
    method: 'get',
    path: PATH,
    policy: { action: 'backup.read', scope: 'project' },
    operationId: 'listBackups',
    summary: 'List the backups of a database',
    description: 'All of them, the newest first.',
    tag: 'Environments',
    answers: {
      200: {
        summary: 'All backups',
        schema: z.object({ items: z.array(backupSchema) }).meta({ id: 'Backups' }),
      },
    },
    problems: ['conflict'],
    handle: async ({ ports, params }) => ({
      status: 200,
      body: { items: (await listBackups(ports, refOf(params))).map(view) },
    }),
  }),
  route({
    method: 'post',
    path: PATH,
    policy: { action: 'backup.write', scope: 'project' },
    operationId: 'createBackup',
    summary: 'Back up a database',
    description:
      'All of it as it is at one moment, while it is used. The backup is restored on trial beside the database and compared: ' +
      'every object, every row, every sequence. Where the two are not equal it has failed, and says what is missing.',
    tag: 'Environments',
    answers: { 202: acceptedAnswer('It is being made') },
    problems,
    handle: ({ ports, params, change }) =>
      change(acceptedReply, (caller) => startBackup(ports, caller, refOf(params))),
  }),
  route({
    method: 'get',
    path: `${PATH}/{backup}`,
    policy: { action: 'backup.read', scope: 'project' },
    operationId: 'getBackup',
    summary: 'Read a backup',
    tag: 'Environments',
    answers: { 200: { summary: 'The backup', schema: backupSchema } },
    handle: async ({ ports, params }) => ({
      status: 200,
      body: view((await getBackup(ports.store, refOf(params))).data),
    }),
  }),
  route({
    method: 'delete',
    path: `${PATH}/{backup}`,
    policy: { action: 'backup.delete', scope: 'project' },
    operationId: 'deleteBackup',
    summary: 'Delete a backup',
    tag: 'Environments',
    answers: { 204: { summary: 'It is gone' } },
    problems: ['operation_in_progress', 'not_supported'],
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => deleteBackup(ports, caller, refOf(params))),
  }),
  route({
    method: 'get',
    path: `${PATH}/{backup}/content`,
    policy: { action: 'backup.download', scope: 'project' },
    operationId: 'downloadBackup',
    summary: 'Download a backup',
    description:
      'Lines of JSON, compressed: statements of SQL, rows as PostgreSQL writes them, and what has to be equal. The audit ' +
      'trail records who downloaded it, before the first byte is sent. On AWS the answer leads to the bucket, by an address ' +
      'that is good for five minutes.',
    tag: 'Environments',
    answers: {
      200: { summary: 'The backup', mediaType: GZIP },
      303: { summary: 'To where it is', location: true },
    },
    problems: ['conflict', 'not_supported'],
    handle: async ({ ports, params, caller }) => {
      const content = await downloadBackup(ports, caller, refOf(params));
      if (typeof content === 'string') return redirectResponse(content);
      const body = Readable.toWeb(Readable.from(content)) as ReadableStream<Uint8Array>;
      return fileResponse(body, GZIP, `${params.environment}-${params.backup}.jsonl.gz`);
    },
  }),
  route({
    method: 'post',
    path: `${RESOURCE}/restore`,
    policy: { action: 'backup.restore', scope: 'project' },
    operationId: 'restoreBackup',
    summary: 'Restore a backup of a database, or undo a restore',
    description:
      'The backup is restored beside the database and compared. Then the two change places in one transaction: connections are ' +
      'cut, and new ones find the restored data. What the database held until then stays beside it, closed, until another ' +
      'restore has replaced something: without `backup` it comes back.',
    tag: 'Environments',
    body: z.strictObject({
      backup: z
        .string()
        .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'must be the id of a backup')
        .optional()
        .meta({ description: 'Its id. Without it, what the last restore replaced comes back.' }),
    }),
    bodyExamples: { backup: { backup: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB' }, undo: {} },
    answers: { 202: acceptedAnswer('It is being restored') },
    problems,
    handle: ({ ports, params, body, change }) =>
      change(acceptedReply, (caller) => {
        const { backup } = body;
        return startRestore(ports, caller, { ...refOf(params), ...(backup !== undefined && { backup }) });
      }),
  }),
];
