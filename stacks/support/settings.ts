/** Reads the settings of an installation from the context of cdk.json, once. */
import type { Node } from 'constructs';
import * as z from 'zod';

const CIDRS = /^[0-9./]+(,[0-9./]+)*$/;
const HOST = /^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/;

const optional = (schema: z.ZodType<string>) =>
  z.preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional());

const schema = z.strictObject({
  /** `new`, or the name of an EKS cluster (Auto Mode, access entries) of this account and region. */
  cluster: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/),
  /** Of an existing cluster, so that EKS need not be asked: its endpoint, and its certificate authority in base64. */
  clusterEndpoint: optional(z.string().regex(/^https:\/\/[\w.-]+$/)),
  clusterCertificate: optional(z.string().regex(/^[A-Za-z0-9+/]+=*$/)),
  /**
   * Networks of load balancers that reach workloads, and private ones that workloads reach, separated by commas: of an
   * existing cluster and database. Those of new ones are added by themselves.
   */
  ingressCidrs: optional(z.string().regex(CIDRS)),
  egressCidrs: optional(z.string().regex(CIDRS)),
  /** `new`, or host and port of a PostgreSQL server that Berth can reach by a public address. */
  database: z.string().regex(/^(new|[A-Za-z0-9.-]+:\d{1,5})$/),
  /** Of an existing database: ARN of the secret with the administrator's username and password. */
  databaseSecret: optional(
    z.string().regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/),
  ),
  /** Any OIDC issuer; a Cognito user pool is made when there is none. */
  issuer: optional(z.string().regex(/^https:\/\/[^\s?#]+$/)),
  /** Audience of the issuer's tokens; needed with an issuer. */
  audience: optional(z.string().min(1).max(200)),
  /**
   * The issuer's client for the console (the audience unless given), and the ARN of a secret with the client's
   * secret.
   */
  clientId: optional(z.string().min(1).max(200)),
  clientSecret: optional(
    z.string().regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/),
  ),
  /** The issuer's client for terminals; the console's unless given. */
  terminalClientId: optional(z.string().min(1).max(200)),
  /** The claim of the issuer that has people's groups; `groups` unless given. */
  groupsClaim: optional(z.string().regex(/^[\w:./-]{1,200}$/)),
  /** Members of this group run the platform. */
  administratorGroup: optional(z.string().regex(/^\S(?:.{0,198}\S)?$/)),
  /** The first administrator: a subject of the issuer, or an e-mail address that the issuer has verified. */
  administrator: optional(z.string().regex(/^\S{1,200}$/)),
  /** The domain under which workloads are served, each at one label. */
  apps: z.string().regex(HOST),
  /** Host of the console and the API; needs a certificate. */
  domain: optional(z.string().regex(HOST)),
  /** `yes` makes a CloudWatch dashboard, at $3 a month. */
  dashboard: z.enum(['yes', 'no']),
  /** ARN of an ACM certificate for the domain, in us-east-1. */
  certificate: optional(z.string().regex(/^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/)),
});

/** Settings that are given together or not at all. */
const TOGETHER = [
  ['issuer', 'audience'],
  ['domain', 'certificate'],
  ['clusterEndpoint', 'clusterCertificate'],
] as const;

/** Settings that need an issuer to be named. */
const NEEDS_ISSUER = ['clientId', 'clientSecret', 'terminalClientId', 'groupsClaim'] as const;

export type Settings = z.output<typeof schema>;

/** A setting that can not be used. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/**
 * Takes `berth:<name>` from the context, so that `-c berth:cluster=name` overrides what cdk.json says.
 * @throws SettingsError naming the setting
 */
export function readSettings(node: Node): Settings {
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, node.tryGetContext(`berth:${name}`)]),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new SettingsError(`The setting berth:${issue.path.join('.')} can not be used: ${issue.message}.`);
  }
  const settings = parsed.data;
  for (const [one, other] of TOGETHER) {
    if ((settings[one] === undefined) !== (settings[other] === undefined))
      throw new SettingsError(`The settings berth:${one} and berth:${other} belong together: give both.`);
  }
  for (const name of NEEDS_ISSUER) {
    if (settings[name] !== undefined && settings.issuer === undefined)
      throw new SettingsError(`The setting berth:${name} goes with a berth:issuer.`);
  }
  if (settings.cluster === 'new' && settings.clusterEndpoint !== undefined)
    throw new SettingsError(
      'The setting berth:clusterEndpoint goes with the name of an existing berth:cluster.',
    );
  if ((settings.database === 'new') !== (settings.databaseSecret === undefined))
    throw new SettingsError('The setting berth:databaseSecret goes with an existing berth:database.');
  return settings;
}
