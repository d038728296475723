/** The routes by which source comes that is to be built: an address is asked for, and the archive is sent there. */
import * as z from 'zod';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { UPLOAD_TYPE } from '../../ports/builder.ts';
import { getService } from '../../records/read.ts';
import { timely } from '../http/body.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { timeSchema } from '../http/schemas.ts';

const target = z
  .strictObject({
    id: z.string().meta({ description: 'Named by the build.' }),
    method: z.literal('PUT'),
    url: z
      .url()
      .meta({ description: 'Whoever has it may send the archive: send no other credentials there.' }),
    headers: z.record(z.string(), z.string()).meta({ description: 'To be sent with the archive.' }),
    expiresAt: timeSchema,
  })
  .meta({ id: 'UploadTarget' });

const example = {
  id: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  method: 'PUT' as const,
  url: 'https://berth.example.com/v1/uploads/0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  headers: { 'content-type': UPLOAD_TYPE },
  expiresAt: '2026-01-05T10:00:00.000Z',
};

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/services/{service}/uploads',
    policy: { action: 'build.create', scope: 'project' },
    operationId: 'createUpload',
    summary: 'Ask where to send source',
    description:
      'Send a tar.gz of exactly so many bytes to the address of the answer, by the method and with the headers that it ' +
      'names, and then name the upload in a build. An upload is kept for a day.',
    tag: 'Services',
    body: z.strictObject({
      bytes: z.int().min(1).max(limits.sourceUpload.value).meta({ description: 'Size of the archive.' }),
    }),
    bodyExamples: { archive: { bytes: 1_048_576 } },
    answers: { 201: { summary: 'The address', schema: target, example } },
    problems: ['payload_too_large', 'too_many_requests', 'storage_full'],
    handle: async ({ ports, params, body, identity, request }) => {
      await getService(ports.store, params);
      const { id, url, expiresAt } = await ports.builder.openUpload(body.bytes, params.project);
      return {
        status: 201,
        body: {
          id,
          method: 'PUT',
          // An address of the API itself is where people reach it.
          url: new URL(url, identity?.origin ?? request.url).href,
          headers: { 'content-type': UPLOAD_TYPE },
          expiresAt,
        },
      };
    },
  }),
  route({
    method: 'put',
    path: '/v1/uploads/{upload}',
    // Its name is known to those alone who may send it.
    policy: { action: 'api.describe', scope: 'public' },
    operationId: 'receiveUpload',
    summary: 'Send source',
    description:
      'As the answer of POST …/uploads says, without other credentials. On AWS it goes to a bucket instead.',
    tag: 'Services',
    answers: { 204: { summary: 'It is kept' } },
    problems: ['not_found', 'invalid_archive', 'payload_too_large', 'storage_full'],
    handle: async () => {
      throw new Problem('unsupported_media_type', 'An upload is a tar.gz.', {
        hint: `Send it with content-type: ${UPLOAD_TYPE}.`,
      });
    },
    upload: {
      mediaType: UPLOAD_TYPE,
      summary: 'A tar.gz of the source',
      handle: async ({ ports: { builder }, params, request }) => {
        if (!builder.receiveUpload)
          throw new Problem('not_found', 'Uploads are not sent here.', {
            hint: 'Send it to the address that POST …/uploads gave.',
          });
        await builder.receiveUpload(params.upload, timely(request.body ?? new Blob([]).stream()));
        return noContent();
      },
    },
  }),
];
