/** How places are shown and asked for. */
import * as z from 'zod';
import type { Place, PlaceSighting } from '../../core/model/index.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::\d{1,5})?$/;
const GATEWAY = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const ROLE = /^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;

export const labelsSchema = z
  .record(
    z.string().regex(LABEL, 'must be a key of 1 to 63 letters, digits, ".", "_" and "-"'),
    z.string().regex(LABEL, 'must be 1 to 63 letters, digits, ".", "_" and "-"'),
  )
  .refine((labels) => Object.keys(labels).length <= 20, 'must have at most 20 entries')
  .meta({ example: { region: 'eu', tier: 'production' } });

/** What a request asks for, and an environment gets. */
export const placementSchema = z
  .union([
    nameSchema,
    z.strictObject({
      labels: labelsSchema.refine((labels) => Object.keys(labels).length > 0, 'must name at least one label'),
    }),
  ])
  .meta({
    description:
      'Where it runs: the name of a place, or labels that exactly one place which the project may use has. The default place without it.',
    example: 'emea',
  });

const patterns = (whose: string) =>
  z
    .array(
      z
        .string()
        .min(1)
        .max(80)
        .regex(/^[a-z0-9*-]+$/, 'must be a name, with `*` for any text'),
    )
    .min(1)
    .max(100)
    .meta({ description: `Names of the ${whose} that may use it, with \`*\` for any text; all without it.` });

const access = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('eks'),
      cluster: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'must be the name of an EKS cluster')
        .meta({ example: 'apps' }),
      region: z
        .string()
        .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region of AWS')
        .meta({ example: 'eu-west-1' }),
      role: z
        .string()
        .regex(ROLE, 'must be the ARN of a role')
        .meta({ description: 'The role in the account of the cluster that Berth takes on.' }),
    }),
    z.strictObject({
      kind: z.literal('kubeconfig'),
      context: z
        .string()
        .regex(/^[\w@:./-]{1,200}$/, 'must be the name of a context')
        .meta({ description: 'A context of the kubeconfig that Berth was given.', example: 'emea' }),
    }),
  ])
  .meta({ id: 'ClusterAccess' });

/** How workloads are served there. */
const served = {
  domain: z
    .string()
    .max(180)
    .regex(DOMAIN, 'must be a domain in lower case, such as apps.example.com')
    .meta({ description: 'Workloads are served under it.', example: 'emea.apps.example.com' }),
  scheme: z.enum(['http', 'https']),
  gateway: z
    .string()
    .regex(GATEWAY, 'must be the namespace and the name of a Gateway')
    .meta({ description: 'Its Gateway; `berth-gateway/berth` without it.', example: 'berth-gateway/berth' }),
  storageClass: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be the name of a storage class')
    .meta({ description: 'Of volumes; the default of the cluster without it.' }),
};
const rules = {
  labels: labelsSchema,
  projects: patterns('projects'),
  environments: patterns('environments'),
  databases: z.boolean().meta({
    description:
      'Workloads there reach the databases of this installation; without it, what needs one is refused.',
  }),
};

export const newPlaceBody = z.strictObject({
  name: nameSchema.meta({ example: 'emea' }),
  access,
  domain: served.domain,
  scheme: served.scheme.optional(),
  gateway: served.gateway.optional(),
  storageClass: served.storageClass.optional(),
  labels: rules.labels.optional(),
  default: z.boolean().optional().meta({ description: 'Environments that ask for no place come here.' }),
  projects: rules.projects.optional(),
  environments: rules.environments.optional(),
  databases: rules.databases.optional(),
});

export const changedPlaceBody = z.strictObject({
  domain: served.domain.optional(),
  scheme: served.scheme.optional(),
  gateway: served.gateway.optional(),
  storageClass: served.storageClass.optional(),
  labels: rules.labels.optional(),
  default: z.literal(true).optional().meta({ description: 'It becomes the default, in place of another.' }),
  projects: rules.projects.nullable().optional(),
  environments: rules.environments.nullable().optional(),
  databases: rules.databases.optional(),
});

export const placeSchema = z
  .object({
    name: nameSchema.meta({ example: 'emea' }),
    access: access
      .optional()
      .meta({ description: 'How its cluster is reached; absent of the installation’s own place.' }),
    domain: served.domain.optional(),
    scheme: served.scheme.optional(),
    gateway: served.gateway.optional(),
    storageClass: served.storageClass.optional(),
    labels: rules.labels,
    default: z.boolean(),
    projects: rules.projects.optional(),
    environments: rules.environments.optional(),
    databases: rules.databases,
    state: z
      .enum(['reachable', 'unreachable', 'unknown'])
      .meta({ description: 'As it was last seen; `unknown` until it was looked at.' }),
    since: timeSchema.optional().meta({ description: 'It has been in that state since then.' }),
    reason: z.string().optional().meta({ description: 'Why it can not be reached.' }),
    closing: z.boolean().optional().meta({ description: 'It is being removed.' }),
    createdAt: timeSchema.optional(),
    createdBy: z.string().optional().meta({ example: 'administrator' }),
  })
  .meta({ id: 'Place' });

export function placeView(place: Place, sighting: PlaceSighting | undefined): z.infer<typeof placeSchema> {
  const { cluster, isDefault, createdAt, createdBy, labels, databases, closing, ...rest } = place;
  const { access: reached, gateway, ...serving } = cluster ?? {};
  return compact({
    ...rest,
    access: reached,
    ...serving,
    gateway: gateway && `${gateway.namespace}/${gateway.name}`,
    labels,
    default: isDefault === true,
    databases,
    state: sighting?.state ?? ('unknown' as const),
    // Of the installation's own place nobody keeps it.
    since: sighting?.since || undefined,
    reason: sighting?.reason,
    closing,
    createdAt: createdAt || undefined,
    createdBy: createdBy || undefined,
  });
}
