/** Reads the settings of an installation from the context of cdk.json, once. */
import type { Node } from 'constructs';
import * as z from 'zod';

const optional = (schema: z.ZodType<string>) =>
  z.preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional());

const schema = z.strictObject({
  /** `new`, or the name of an EKS cluster of this account and region with access entries. */
  cluster: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/),
  /** `new`, or the ARN of the secret with the administrator's host, port, username and password. */
  database: z.string().regex(/^(new|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+)$/),
  /** Any OIDC issuer; a Cognito user pool is made when there is none. */
  issuer: optional(z.string().regex(/^https:\/\/[^\s?#]+$/)),
  /** Audience of the issuer's tokens; needed with an issuer. */
  audience: optional(z.string().min(1).max(200)),
  /** The first administrator: a subject of the issuer, or an e-mail address that the issuer has verified. */
  administrator: optional(z.string().regex(/^\S{1,200}$/)),
  /** Host of the console and the API; needs a certificate. */
  domain: optional(z.string().regex(/^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/)),
  /** ARN of an ACM certificate for the domain, in us-east-1. */
  certificate: optional(z.string().regex(/^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/)),
});

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
  if ((settings.issuer === undefined) !== (settings.audience === undefined))
    throw new SettingsError('The settings berth:issuer and berth:audience belong together: give both.');
  if ((settings.domain === undefined) !== (settings.certificate === undefined))
    throw new SettingsError('The settings berth:domain and berth:certificate belong together: give both.');
  return settings;
}
