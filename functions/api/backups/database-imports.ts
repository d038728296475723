/** The route by which data come into a database from elsewhere. */
import { Readable } from 'node:stream';
import * as z from 'zod';
import {
  importDump,
  importFromServer,
  receiveDump,
  removeDump,
} from '../../commands/backups/database-imports.ts';
import { Problem } from '../../core/problem.ts';
import { IdempotencyRace } from '../../records/commit.ts';
import { timely } from '../http/body.ts';
import { route } from '../http/route-spec.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';
import { refOf } from './backups.ts';

const body = z.strictObject({
  url: z
    .string()
    .min(1)
    .max(2048)
    .meta({
      description:
        'postgres://user:password@host:port/database, with `sslmode` as libpq has it: `disable`, `require` (without it), ' +
        '`verify-ca` or `verify-full`. It is a secret, and is forgotten when the operation has ended.',
    }),
  authority: z
    .string()
    .max(65_536)
    .startsWith('-----BEGIN CERTIFICATE-----', 'must be certificates in PEM')
    .optional()
    .meta({
      description: 'PEM of the authorities that sign its certificate, where systems do not know them.',
    }),
});

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/resources/{resource}/import',
    policy: { action: 'backup.restore', scope: 'project' },
    operationId: 'importDatabase',
    summary: 'Import a database from another server, or from a dump',
    description:
      'What is elsewhere is read at one moment, made beside the database as its owner, and compared: every object, every row, every ' +
      'sequence. Then the two change places, as when a backup is restored: what the database held stays beside it, closed, and ' +
      'comes back by a restore without `backup`. What can not come over is named, and nothing has changed then. A dump is what ' +
      '`pg_dump` writes, as SQL or with `-Fc`, or a backup that Berth has made; it is sent as application/octet-stream.',
    tag: 'Environments',
    body,
    bodyExamples: { server: { url: 'postgres://shop:secret@db.example.com:5432/shop?sslmode=require' } },
    answers: { 202: acceptedAnswer('It is being imported') },
    problems: [
      ...['environment_not_ready', 'conflict', 'not_supported', 'payload_too_large', 'storage_full'],
    ] as const,
    handle: ({ ports, params, body: { url, authority }, change }) =>
      change(acceptedReply, (caller) =>
        importFromServer(ports, caller, refOf(params), {
          url,
          ...(authority !== undefined && { authority }),
        }),
      ),
    upload: {
      mediaType: 'application/octet-stream',
      summary: 'A dump',
      handle: async ({ ports, params, request, change }) => {
        const ref = refOf(params);
        const chunks = Readable.fromWeb(timely(request.body ?? new Blob([]).stream()) as never);
        const dump = await receiveDump(ports, ref, chunks);
        let unused = true;
        try {
          return await change(
            acceptedReply,
            async (caller) => {
              unused = false;
              return importDump(ports, caller, ref, dump).catch((error: unknown) => {
                // After any other error the import may have been accepted all the same, and needs it.
                unused = error instanceof Problem || error instanceof IdempotencyRace;
                throw error;
              });
            },
            dump.sha256,
          );
        } finally {
          if (unused) await removeDump(ports, dump).catch(() => undefined);
        }
      },
    },
  }),
];
