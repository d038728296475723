/** Routes of the versions of a service. */
import * as z from 'zod';
import { keptForBuilds } from '../../commands/secrets/kept-for-builds.ts';
import { deleteVersion } from '../../commands/versions/delete-version.ts';
import { findVersion, registerVersion } from '../../commands/versions/versions.ts';
import { VERSION_PREFIX, versionsPartition } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Version, VersionDetail } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { externalImage, readExternalImage } from '../../core/source/external-image.ts';
import { type Image, SCORE_LABEL } from '../../ports/registry.ts';
import type { Item } from '../../ports/store.ts';
import type { Reply } from '../../records/commit.ts';
import { etagOf } from '../../records/etag.ts';
import { getService } from '../../records/read.ts';
import { listReply, pageOf, pageQuery } from '../http/list-pages.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { membersOf, nameSchema, tagSchema, timeSchema } from '../http/schemas.ts';

const path = z.string().optional().meta({ description: 'The folder that was built, where not the whole.' });
const taken = z.string().optional().meta({
  description: 'The image of another registry that the Score file names, in full, where nothing was built.',
  example: 'docker.io/library/nginx:1.27',
});
const sourceSchema = z
  .union([
    z.object({ kind: z.literal('upload'), sha256: z.string(), bytes: z.int(), path, image: taken }),
    z.object({
      kind: z.literal('git'),
      url: z.string(),
      ref: z
        .string()
        .meta({ description: 'In full: a branch, a tag, or a commit.', example: 'refs/heads/main' }),
      commit: z.string(),
      committedAt: timeSchema
        .optional()
        .meta({ description: 'Of the commit, as its committer’s clock had it.' }),
      author: z.string().optional(),
      message: z.string().optional(),
      path,
      image: taken,
    }),
    z.object({ kind: z.literal('image'), reference: z.string() }),
  ])
  .meta({ id: 'Source' });

const fields = {
  project: nameSchema.meta({ example: 'demo' }),
  service: nameSchema,
  id: z.string().meta({ example: '3f2a9c01b7de' }),
  digest: z.string().meta({ description: 'Of the OCI image manifest.', example: `sha256:${'0'.repeat(64)}` }),
  tags: z.array(z.string()).meta({ example: ['v1.4.0'] }),
  source: sourceSchema,
  size: z.int().optional().meta({ description: 'Bytes of all layers, compressed.' }),
  createdAt: timeSchema,
  createdBy: z.string().meta({ example: 'administrator' }),
};

export const workloadSchema = z
  .looseObject({ apiVersion: z.literal('score.dev/v1b1') })
  .meta({ id: 'ScoreWorkload', description: 'A Score v1b1 workload as JSON; see docs.score.dev.' });

const versionSchema = z.object(fields).meta({ id: 'Version' });
const detailSchema = z.object({ ...fields, workload: workloadSchema }).meta({ id: 'VersionDetail' });

const view = ({ data }: Item<Version>) => membersOf(versionSchema, data);

const detail = (version: VersionDetail) => ({
  ...membersOf(versionSchema, version),
  workload: version.workload,
});

const created = (version: VersionDetail): Reply => ({
  status: 201,
  body: detail(version),
  location: `/v1/projects/${version.project}/services/${version.service}/versions/${version.id}`,
});

/** What the request asks for: an image by its name, or by the workload that names one of another registry. */
async function askedFor(body: { image?: string | undefined; workload?: unknown }): Promise<{
  reference: string;
  workload?: ScoreWorkload;
}> {
  const { image: given } = body;
  const read =
    body.workload === undefined
      ? undefined
      : externalImage((await import('../../core/score/file/check.ts')).checkScore(body.workload));
  const named = read?.image?.name;
  if (named !== undefined && given !== undefined && readExternalImage(given)?.name !== named)
    throw new Problem(
      'image_unavailable',
      `No version was made: the request names the image "${given}", and the workload "${named}".`,
      {
        hint: 'Write image: . into the workload for the image of the request, or leave "image" out of the request.',
      },
    );
  const reference = named ?? given;
  if (reference === undefined)
    throw new Problem('invalid_request', 'No version was made: nothing names its image.', {
      hint: 'Send "image", or a "workload" whose containers name one of a registry.',
    });
  return { reference, ...(read && { workload: read.workload }) };
}

/** The workload that an image carries. */
async function labelledWorkload(image: Image): Promise<ScoreWorkload> {
  const text = Object.hasOwn(image.config.labels, SCORE_LABEL) ? image.config.labels[SCORE_LABEL] : undefined;
  if (text === undefined) {
    throw new Problem('invalid_score', `There is no Score file: the image has no label "${SCORE_LABEL}".`, {
      hint: 'Send the Score file as "workload", as JSON, or build the image with that label.',
    });
  }
  // The YAML parser is loaded when it is first needed.
  const { parseScore } = await import('../../core/score/file/parse.ts');
  return parseScore(text);
}

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/services/{service}/versions',
    policy: { action: 'version.create', scope: 'project' },
    operationId: 'createVersion',
    summary: 'Register an image as a version',
    description:
      "For an image that CI pushed to the service's repository, or on one machine with a container engine for any that the engine can pull: its tag is resolved once, here. The same image with the same workload is the " +
      'same version, and gets the tags added.',
    tag: 'Services',
    body: z.strictObject({
      image: z
        .string()
        .regex(/^[\x21-\x7e]{1,512}$/, 'must be a digest, a tag or a reference')
        .optional()
        .meta({
          description:
            'Digest, tag or full reference; may be left out where the containers of the workload name an image of a registry.',
          example: 'v1.4.0',
        }),
      workload: z
        .looseObject({})
        .optional()
        .meta({ description: `Score v1b1 as JSON; by default the image's label \`${SCORE_LABEL}\`.` }),
      tags: z.array(tagSchema).max(20).optional(),
    }),
    bodyExamples: {
      image: {
        image: 'v1.4.0',
        workload: {
          apiVersion: 'score.dev/v1b1',
          metadata: { name: 'guestbook' },
          containers: { web: { image: '.' } },
        },
        tags: ['v1.4.0'],
      },
    },
    answers: { 201: { summary: 'Registered', schema: detailSchema, location: true } },
    problems: [
      'invalid_score',
      'unresolved_placeholder',
      'unknown_resource_type',
      'invalid_resource',
      'image_unavailable',
      'operation_in_progress',
      'conflict',
    ],
    handle: ({ ports, params, body, change }) =>
      change(created, async (caller) => {
        await getService(ports.store, params);
        const { reference, workload } = await askedFor(body);
        const credentials = async () => (await keptForBuilds(ports, params.project)).registries;
        const image = await ports.registry.resolve(params, reference, credentials);
        await ports.registry.keep?.(params, image.digest);
        return registerVersion(ports, caller, {
          ...params,
          digest: image.digest,
          workload: workload ?? (await labelledWorkload(image)),
          source: { kind: 'image', reference: image.takenFrom ?? reference },
          tags: body.tags ?? [],
          size: image.size,
        });
      }),
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/services/{service}/versions',
    policy: { action: 'version.read', scope: 'project' },
    operationId: 'listVersions',
    summary: 'List the versions of a service',
    tag: 'Services',
    query: pageQuery,
    answers: { 200: { summary: 'A page of versions, newest first', schema: pageOf(versionSchema) } },
    handle: async ({ ports, params, query }) => {
      await getService(ports.store, params);
      const list = { pk: versionsPartition(params), prefix: VERSION_PREFIX, reverse: true };
      return listReply<Version>(ports.store, list, query, view);
    },
  }),
  route({
    method: 'get',
    path: '/v1/projects/{project}/services/{service}/versions/{version}',
    policy: { action: 'version.read', scope: 'project' },
    operationId: 'getVersion',
    summary: 'Read a version with its workload',
    tag: 'Services',
    answers: { 200: { summary: 'The version', schema: detailSchema, etag: true } },
    problems: ['ambiguous_version'],
    handle: async ({ ports, params }) => {
      await getService(ports.store, params);
      const item = await findVersion(ports.store, params, params.version);
      return { status: 200, body: detail(item.data), etag: etagOf(item) };
    },
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/services/{service}/versions/{version}',
    policy: { action: 'version.delete', scope: 'project' },
    operationId: 'deleteVersion',
    summary: 'Delete a version that no environment holds',
    description:
      'Its tags go with it, and its image unless another version has the same. An environment holds what serves, what is being ' +
      `deployed, and the newest ${limits.deploymentsHeld.value} deployments of a service that succeeded.`,
    tag: 'Services',
    conditional: true,
    answers: { 204: { summary: 'Deleted' } },
    problems: ['version_in_use', 'ambiguous_version', 'conflict'],
    handle: ({ ports, params, precondition, change }) =>
      change(noContent, async (caller) => {
        await getService(ports.store, params);
        await deleteVersion(ports, caller, params, params.version, precondition);
      }),
  }),
];
