/**
 * Score v1b1 as its JSON schema has it (score-spec/spec, score-v1b1.json), with `before` and the map forms of
 * files and volumes. Parsing gives the normal form. Rules between parts of a workload are in rules.ts.
 */
import * as z from 'zod';
import { CPU_RULE, MEMORY_RULE, readCpu, readMemory } from '../quantities.ts';
import type { ScoreFile, ScoreVolume, ScoreWorkload } from '../workload.ts';
import { readSubPath, readTarget, sourceFault } from '../workload-paths.ts';

/** The length is checked before the pattern, so that no pattern ever meets long text. */
export const pattern = (min: number, max: number, regex: RegExp, message: string) =>
  z
    .string()
    .refine((text) => text.length >= min && text.length <= max && regex.test(text), { error: message });

/** Text that ends up in a command line, a header or an address. */
const plain = (min = 0) =>
  z.string().refine((text) => text.length >= min && !/\p{Cc}/u.test(text), {
    error: min > 0 ? 'must not be empty or hold a control character' : 'must not hold a control character',
  });

/** An empty list leaves the image's own. */
const command = z
  .array(z.string())
  .refine(([program]) => program !== '', { error: 'must begin with the name of a program' });

/**
 * A map with these keys and no others. The message about unknown keys is the list of known ones, from which issues.ts
 * makes a message for each.
 */
export const shape = <T extends z.ZodRawShape>(keys: T) =>
  z.strictObject(keys, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(keys).join(',') : undefined),
  });

export const label = pattern(
  2,
  63,
  /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/,
  'must be 2 to 63 lower-case letters, digits and hyphens, with no hyphen at either end',
);

export const kind = pattern(
  2,
  63,
  /^[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/,
  'must be 2 to 63 letters, digits and hyphens, with no hyphen at either end',
);

export const id = pattern(
  2,
  63,
  /^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/,
  'must be 2 to 63 lower-case letters, digits and hyphens, in parts that dots separate',
);

const annotations = z.record(
  pattern(
    2,
    316,
    /^(?:[a-z0-9][a-z0-9-]{0,61}[a-z0-9](?:\.[a-z0-9][a-z0-9-]{0,61}[a-z0-9])*\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9]$/,
    'must be a name of 2 to 63 letters, digits, dots, underscores and hyphens, with a host name and a slash in front or not',
  ),
  z.string(),
);

const port = z.number().refine((value) => Number.isInteger(value) && value >= 1 && value <= 65_535, {
  error: 'must be a whole number from 1 to 65535',
});

const compute = shape({
  memory: z
    .string()
    .refine((text) => readMemory(text) !== undefined, { error: MEMORY_RULE })
    .exactOptional(),
  cpu: z
    .string()
    .refine((text) => readCpu(text) !== undefined, { error: CPU_RULE })
    .exactOptional(),
});

const probe = shape({
  httpGet: shape({
    host: plain(1).exactOptional(),
    scheme: z.enum(['HTTP', 'HTTPS']).exactOptional(),
    path: plain(),
    port,
    httpHeaders: z
      .array(
        shape({
          name: z
            .string()
            .regex(/^[A-Za-z0-9_-]+$/, { error: 'must be letters, digits, underscores and hyphens' }),
          value: plain(1),
        }),
      )
      .exactOptional(),
  }).exactOptional(),
  exec: shape({
    command: command.refine((words) => words.length > 0, { error: 'must name a command' }),
  }).exactOptional(),
});

/**
 * Files and volumes: a map by target, or the deprecated list whose items have a target. Both become the map, with
 * each target in its shortest form and used once.
 */
function mounts<T extends object>(
  keys: { [K in keyof T]: z.ZodType<T[K]> },
  complete: (schema: z.ZodType) => z.ZodType,
) {
  const byTarget = z.record(z.string(), complete(shape(keys)));
  const items = z.array(complete(shape({ ...keys, target: z.string() })));
  return z.unknown().transform((value, context): Record<string, T> => {
    const parsed = (Array.isArray(value) ? items : byTarget).safeParse(value);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as never);
      return z.NEVER;
    }
    const mounted: Record<string, T> = {};
    const fail = (path: (string | number)[], message: string) =>
      context.issues.push({ code: 'custom', path, message, input: value });
    for (const [key, entry] of Object.entries(parsed.data as Record<string, T & { target?: string }>)) {
      const { target: listed, ...rest } = entry;
      const path = listed === undefined ? [key] : [Number(key), 'target'];
      const target = readTarget(listed ?? key);
      if ('message' in target) fail(path, target.message);
      else if (Object.hasOwn(mounted, target.path)) fail(path, 'is the target of another entry too');
      else mounted[target.path] = rest as T;
    }
    return mounted;
  });
}

const contentKeys = ['content', 'source', 'binaryContent'] as const;

const files = mounts<ScoreFile>(
  {
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, { error: 'must be three octal digits in quotes, such as "0600"' })
      .exactOptional(),
    source: z
      .string()
      .superRefine((text, context) => {
        const message = sourceFault(text);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      })
      .exactOptional(),
    content: z.string().exactOptional(),
    // Line breaks come from YAML's block text; decoders of base64 skip them as well.
    binaryContent: z
      .string()
      .transform((text) => text.replace(/[\r\n]/g, ''))
      .refine((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), {
        error: 'must be standard base64 with padding',
      })
      .exactOptional(),
    noExpand: z.boolean().exactOptional(),
  },
  (schema) =>
    schema.refine(
      (file) => contentKeys.filter((key) => (file as ScoreFile)[key] !== undefined).length === 1,
      {
        error: `needs exactly one of ${contentKeys.join(', ')}`,
      },
    ),
);

const volumes = mounts<ScoreVolume>(
  {
    source: z.string(),
    path: z
      .string()
      .transform((text, context) => {
        const result = readSubPath(text);
        if ('path' in result) return result.path;
        context.issues.push({ code: 'custom', message: result.message, input: text });
        return z.NEVER;
      })
      .exactOptional(),
    readOnly: z.boolean().exactOptional(),
  },
  (schema) => schema,
);

const container = shape({
  image: plain(1),
  command: command.exactOptional(),
  args: z.array(z.string()).exactOptional(),
  variables: z
    .record(
      z.string().refine((name) => /^[^=\p{Cc}]+$/u.test(name), {
        error: 'must be a name without = and control characters',
      }),
      z.string(),
    )
    .exactOptional(),
  files: files.exactOptional(),
  volumes: volumes.exactOptional(),
  resources: shape({ limits: compute.exactOptional(), requests: compute.exactOptional() }).exactOptional(),
  livenessProbe: probe.exactOptional(),
  readinessProbe: probe.exactOptional(),
  before: z.record(label, shape({ ready: z.enum(['started', 'healthy', 'complete']) })).exactOptional(),
});

export const workloadSchema: z.ZodType<ScoreWorkload> = shape({
  apiVersion: z.literal('score.dev/v1b1'),
  metadata: z.looseObject({ name: label, annotations: annotations.exactOptional() }),
  service: shape({
    ports: z
      .record(
        label,
        shape({ port, protocol: z.enum(['TCP', 'UDP']).exactOptional(), targetPort: port.exactOptional() }),
      )
      .exactOptional(),
  }).exactOptional(),
  containers: z.record(label, container).refine((map) => Object.keys(map).length > 0, {
    error: 'must name at least one container',
  }),
  resources: z
    .record(
      label,
      shape({
        type: kind,
        class: kind.exactOptional(),
        id: id.exactOptional(),
        metadata: z.looseObject({ annotations: annotations.exactOptional() }).exactOptional(),
        params: z.record(z.string(), z.unknown()).exactOptional(),
      }),
    )
    .exactOptional(),
});
