/**
 * What a build does in CodeBuild, and what it is told and tells. What users choose (a URL, a ref) comes as
 * environment variables and is never part of a command.
 */
import * as z from 'zod';
import { Problem, type ProblemCode } from '../../../core/problem.ts';

/** Variables of a build. `BERTH_GIT_*` or `BERTH_SOURCE_URL`, never both. */
export interface BuildVariables {
  /** A presigned GET of the uploaded archive. */
  BERTH_SOURCE_URL?: string;
  BERTH_GIT_URL?: string;
  BERTH_GIT_REF?: string;
  /** The commit that is fetched, in place of what the ref has. */
  BERTH_GIT_COMMIT?: string;
  /** What git signs in as, with the token of `GIT_TOKEN_VARIABLE`. */
  BERTH_GIT_USER?: string;
  /** The folder that is built; absent for the whole source. */
  BERTH_PATH?: string;
  /** What other registries are signed in to as, JSON as `registriesSchema` has it; absent where there is none. */
  BERTH_REGISTRIES?: string;
  /** The image's name without tag, `<host>/<prefix>/<project>/<service>`. */
  BERTH_REPOSITORY: string;
  /** A presigned PUT for the outcome, JSON as `outcome` has it. */
  BERTH_RESULT_URL: string;
}

/** What the names of variables begin with that hold secrets of the project, each under its own name. */
export const SECRET_VARIABLE = 'BERTH_SECRET_';

/** What the names of variables begin with that hold passwords of registries, each with its place in `BERTH_REGISTRIES` behind it. */
export const REGISTRY_VARIABLE = 'BERTH_REGISTRY_PASSWORD_';

export const registriesSchema = z.array(z.strictObject({ registry: z.string(), username: z.string() }));

/** The variable that holds the token for the source. It is none of the secrets that the source sees. */
export const GIT_TOKEN_VARIABLE = 'BERTH_GIT_TOKEN';

/** The project's buildspec. Its source is one file: `functions/hosts/aws/entries/build.codebuild.ts`, bundled as `build.mjs`. */
export const buildspec = {
  version: 0.2,
  phases: { build: { commands: ['node build.mjs'] } },
} as const;

/** What users may be told by a build; it ran code that is not ours, so that all of it is checked. */
const CODES = [
  'invalid_archive',
  'source_unavailable',
  'nothing_to_run',
  'invalid_score',
  'image_unavailable',
  'build_failed',
] as const satisfies readonly ProblemCode[];

const text = (max: number) => z.string().max(max);

const failure = z.strictObject({
  error: z.strictObject({ code: z.enum(CODES), cause: text(4_000), hint: text(2_000) }),
});
const success = z.strictObject({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  detected: text(1_000),
  /** The image of another registry that was taken, in full. */
  image: text(600).optional(),
  /** Of a source without a Score file, beside its web. */
  processes: z.record(text(63), z.array(text(4_096)).max(1_000)).optional(),
  score: text(1_000_000).optional(),
  files: z.record(text(4_096), text(2_000_000)),
  /** Of an upload: SHA-256 of the archive, hex. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** From git only, like those that follow: the full ref that was found. */
  ref: text(300).optional(),
  commit: z
    .string()
    .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
    .optional(),
  committedAt: z.iso.datetime().optional(),
  author: text(500).optional(),
  message: text(5_000).optional(),
});
const outcome = z.union([failure, success]);

export type BuildFailure = z.infer<typeof failure>;
export type BuildSuccess = z.infer<typeof success>;
export type BuildOutcome = BuildFailure | BuildSuccess;

/** The largest outcome, bytes. */
export const OUTCOME_MAX_BYTES = 4 * 1024 ** 2;

/** @throws Problem the one that the build tells of, or build_failed where it tells nothing that makes sense */
export function readOutcome(json: string): BuildSuccess {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    // What is not JSON is refused below.
  }
  const read = outcome.safeParse(content);
  if (!read.success)
    throw new Problem('build_failed', 'The build failed: what it told of its outcome can not be read.', {
      hint: 'See its log; if that tells nothing, start the build again.',
    });
  if (!('error' in read.data)) return read.data;
  const { code, cause, hint } = read.data.error;
  throw new Problem(code, cause, { hint });
}
