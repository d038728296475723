/** The route by which a version is built from source. */
import * as z from 'zod';
import { createBuild } from '../../commands/versions/builds.ts';
import { Problem } from '../../core/problem.ts';
import { checkFolder } from '../../core/source/folder.ts';
import { checkGitRef, parseGitUrl } from '../../core/source/git-source.ts';
import { IdempotencyRace } from '../../records/commit.ts';
import { getService } from '../../records/read.ts';
import { timely } from '../http/body.ts';
import { route } from '../http/route-spec.ts';
import { tagSchema } from '../http/schemas.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';

/** A rule of a schema from a check that throws a Problem. */
const passes = (check: () => unknown, context: z.RefinementCtx): void => {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    context.addIssue({ code: 'custom', message: `is refused. ${error.hint}` });
  }
};

const git = z
  .strictObject({
    // Only the form is checked here; the builder decides whether repositories on this machine may be built.
    url: z
      .string()
      .max(2048)
      .superRefine((url, context) => passes(() => parseGitUrl(url, true), context))
      .meta({ example: 'https://git.example.com/demo/guestbook' }),
    ref: z
      .string()
      .max(255)
      .superRefine((ref, context) => passes(() => checkGitRef(ref), context))
      .meta({ description: 'Branch, tag or commit.', example: 'main' }),
  })
  .meta({ id: 'GitSource' });

const path = z
  .string()
  .min(1)
  .max(1024)
  .superRefine((text, context) => passes(() => checkFolder(text), context))
  .optional()
  .meta({
    description:
      'The folder that is built, with its score.yaml and package.json, from the top of the source. Where it is a ' +
      'member of a workspace of npm, pnpm or yarn, that is installed, by its lock file.',
    example: 'packages/api',
  });

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/services/{service}/builds',
    policy: { action: 'build.create', scope: 'project' },
    operationId: 'createBuild',
    summary: 'Build a version from source',
    description:
      'Send a tar.gz of the source as application/gzip, or name a git repository. The finished operation has ' +
      '`result.version`; its output is at /v1/operations/{operation}/logs.',
    tag: 'Services',
    query: z.strictObject({
      tag: tagSchema.optional().meta({ description: 'With a tar.gz: a tag for the version.' }),
      path: path.meta({ description: 'With a tar.gz: the folder that is built, as `path` of the body.' }),
    }),
    body: z.strictObject({ git, path, tag: tagSchema.optional() }),
    bodyExamples: {
      git: { git: { url: 'https://git.example.com/demo/guestbook', ref: 'main' }, tag: 'v1.4.0' },
    },
    answers: { 202: acceptedAnswer('The build, accepted') },
    problems: ['invalid_archive', 'payload_too_large', 'storage_full', 'source_unavailable'],
    handle: ({ ports, params, query, body, change }) =>
      change(acceptedReply, (caller) => {
        const source = { kind: 'git' as const, url: body.git.url, ref: body.git.ref };
        const { tag = query.tag, path = query.path } = body;
        return createBuild(ports, caller, { ...params, source, ...optional({ tag, path }) });
      }),
    upload: {
      mediaType: 'application/gzip',
      summary: 'A tar.gz of the source',
      handle: async ({ ports, params, query, request, change }) => {
        // The service is read before the body, so that no archive is sent in vain.
        await getService(ports.store, params);
        const saved = await ports.builder.saveSource(request.body ? timely(request.body) : emptyBody());
        let unused = true;
        try {
          return await change(
            acceptedReply,
            async (caller) => {
              unused = false;
              return createBuild(ports, caller, {
                ...params,
                source: { kind: 'upload', ...saved },
                ...optional(query),
              }).catch((error: unknown) => {
                // After any other error the build may have been accepted all the same, and needs its source.
                unused = error instanceof Problem || error instanceof IdempotencyRace;
                throw error;
              });
            },
            saved.sha256,
          );
        } finally {
          if (unused) await ports.builder.removeSource(saved.id).catch(() => undefined);
        }
      },
    },
  }),
];

const optional = ({ tag, path }: { tag?: string | undefined; path?: string | undefined }) => ({
  ...(tag !== undefined && { tag }),
  ...(path !== undefined && { path }),
});

const emptyBody = (): ReadableStream<Uint8Array> => new Blob([]).stream();
