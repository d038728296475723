/** The exchange of a pipeline's token for one of Berth: RFC 8693, as a form or as JSON. */

import * as z from 'zod';
import { EXCHANGED_MS, exchangeToken, trustsOf } from '../../commands/access/trusts.ts';
import { escapePart, PRINCIPAL_ID_MAX } from '../../core/authorization/principal.ts';
import { meetsTrust, type PipelineClaims } from '../../core/authorization/trust.ts';
import { limits } from '../../core/limits.ts';
import type { Trust } from '../../core/model/index.ts';
import { NAME_PATTERN, shortHash } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import type { Reply } from '../../records/commit.ts';
import { readBytes } from '../http/body.ts';
import { invalidRequest } from '../http/problems.ts';
import { type Call, route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';
import { IssuerUnavailable } from '../identity/issuer.ts';
import type { Federation } from './federation.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const FORM_MAX_BYTES = limits.tokenForm.value;

const requestSchema = z.strictObject({
  grant_type: z.literal(GRANT).optional(),
  subject_token: z.string().min(1).max(16_384).meta({ description: "The pipeline's own token, a JWT." }),
  subject_token_type: z.enum([JWT, ID_TOKEN]).optional(),
  project: nameSchema.meta({ description: 'The project whose trust rules count.', example: 'demo' }),
});

type Exchange = z.output<typeof requestSchema>;

const claimsSchema = z.object({
  sub: z.string().min(1).max(512),
  event_name: z.string().optional(),
  repository_id: z.string().optional(),
  pipeline_source: z.string().optional(),
  ref_path: z.string().optional(),
  project_id: z.string().optional(),
});

/** All refusals have the same answer, so that nobody learns from it which projects and rules exist. */
const refused = (project: string): Problem =>
  new Problem('unauthenticated', `No trust rule of project "${project}" takes this token.`, {
    hint: 'Compare iss, aud, sub and the event of the run with the rules: GET /v1/projects/{project}/trusts. If they agree, look whether Berth can reach the issuer.',
  });

/** The issuer that a token names, before it is verified: it tells whose keys to verify it with. */
function issuerOf(token: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { iss } = payload as { iss?: unknown };
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

/** The rule that a token meets, with its claims. */
async function find(
  federation: Federation,
  trusts: readonly Trust[],
  token: string,
): Promise<{ trust: Trust; claims: PipelineClaims } | undefined> {
  const iss = issuerOf(token);
  const byAudience = Map.groupBy(
    trusts.filter(({ issuer }) => issuer === iss),
    ({ audience }) => audience,
  );
  for (const [audience, rules] of byAudience) {
    const payload = await verify(federation, rules[0]!.issuer, audience, token);
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) continue;
    const trust = rules.find((rule) => meetsTrust(claims.data, rule));
    if (trust) return { trust, claims: claims.data };
  }
  return undefined;
}

/** An issuer that does not answer is no different from one that nobody trusts: else the answer tells who trusts it. */
async function verify(federation: Federation, issuer: string, audience: string, token: string) {
  try {
    return await federation.issuer(issuer).verify(token, { audience: [audience], types: ['jwt'] });
  } catch (error) {
    if (error instanceof IssuerUnavailable) return undefined;
    throw error;
  }
}

/** `ci:<host>:<subject>`; a long subject is cut, and ends in a hash of the whole. */
function workflowId(issuer: string, subject: string): string {
  const start = `ci:${escapePart(new URL(issuer).host)}:`;
  const escaped = escapePart(subject);
  if (start.length + escaped.length <= PRINCIPAL_ID_MAX) return start + escaped;
  const cut = escaped.slice(0, PRINCIPAL_ID_MAX - start.length - 20).replace(/=.?$/, '');
  return `${start}${cut}~${shortHash(`${issuer}\n${subject}`, 16)}`;
}

async function exchange(call: Pick<Call, 'ports' | 'federation'>, wanted: Exchange): Promise<Reply> {
  const { ports, federation } = call;
  const { project, subject_token } = wanted;
  const found = await find(federation, await trustsOf(ports.store, project), subject_token);
  if (!found) throw refused(project);
  const { trust, claims } = found;
  const workflow = workflowId(trust.issuer, claims.sub);
  const { token } = await exchangeToken(ports, { actor: workflow }, trust, workflow, claims.sub);
  return {
    status: 200,
    body: {
      access_token: token,
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: EXCHANGED_MS / 1000,
    },
  };
}

async function exchangeForm(call: Call): Promise<Reply> {
  const text = Buffer.from(await readBytes(call.request.body, FORM_MAX_BYTES)).toString();
  const form: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(form, name))
      throw invalidRequest([{ path: `body.${name}`, message: 'is given twice' }]);
    // RFC 8693 has two names for the target of the token.
    const key = name === 'resource' || name === 'audience' ? 'project' : name;
    Object.defineProperty(form, key, { value, enumerable: true });
  }
  const parsed = requestSchema.required({ grant_type: true }).safeParse(form);
  if (parsed.success && NAME_PATTERN.test(parsed.data.project)) return exchange(call, parsed.data);
  throw invalidRequest([
    {
      path: 'body',
      message: `must have "grant_type" ${GRANT}, "subject_token", and the project's name as "project"`,
    },
  ]);
}

export const routes = [
  route({
    method: 'post',
    path: '/v1/token-exchange',
    policy: { action: 'token.exchange', scope: 'public' },
    operationId: 'exchangeToken',
    summary: "Exchange a pipeline's token for one of Berth",
    description:
      'OAuth 2.0 Token Exchange (RFC 8693) for OpenID Connect tokens of GitHub Actions and GitLab CI. The answer is ' +
      'good for 15 minutes, and for what the trust rule says.',
    tag: 'Tokens',
    body: requestSchema,
    bodyExamples: { github: { project: 'demo', subject_token: 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln' } },
    upload: {
      mediaType: 'application/x-www-form-urlencoded',
      summary: 'The form of RFC 8693, with `project`',
      handle: exchangeForm,
    },
    answers: {
      200: {
        summary: 'The token',
        schema: z
          .object({
            access_token: z.string(),
            issued_token_type: z.literal(ACCESS_TOKEN),
            token_type: z.literal('Bearer'),
            expires_in: z.int().meta({ description: 'Seconds.', example: 900 }),
          })
          .meta({ id: 'ExchangedToken' }),
      },
    },
    problems: ['unauthenticated'],
    handle: (call) => exchange(call, call.body),
  }),
];
