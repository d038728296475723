/** Reads the settings of an installation from the context of cdk.json, once. */
import type { Node } from 'constructs';
import * as z from 'zod';
import { limits } from '../../functions/core/limits.ts';
import { contradiction } from './settings-rules.ts';

const CIDR = /^(?:\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/;
const CIDRS = /^[0-9./]+(,[0-9./]+)*$/;
const HOST = /^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/;

const image = z.string().regex(/^[\w.:-]+(\/[\w.-]+)+:[\w.-]+(@sha256:[0-9a-f]{64})?$/);
const SUBNETS = /^subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17})+$/;
const SECRET = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+$/;

const given = (value: unknown): unknown => (value === '' || value === null ? undefined : value);

const optional = (schema: z.ZodType<string>) => z.preprocess(given, schema.optional());

/** Numbers come as text from the command line, and may come as numbers from cdk.json. */
const number = (min: number, max: number) => z.coerce.number().min(min).max(max);

const schema = z.strictObject({
  /**
   * What everything of this installation is named by: several can be in an account. It can not be changed later: all
   * would be made anew.
   */
  name: z.string().regex(/^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,19}$/),
  /** Tags of everything, for the bill: `team=platform,cost-center=42`. */
  tags: optional(
    z.string().regex(/^[\w.:/+@ -]{1,128}=[\w.:/+@ -]{0,256}(,[\w.:/+@ -]{1,128}=[\w.:/+@ -]{0,256})*$/),
  ),
  /** ARN of a policy that bounds every role; the roles of functions have a boundary of Berth's own without it. */
  permissionsBoundary: optional(z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:policy\/[\w+=,.@/-]+$/)),
  /** `new`, or the id of a VPC with two private and two public subnets in different zones. */
  vpc: z.string().regex(/^(new|vpc-[0-9a-f]{8,17})$/),
  /** Addresses of the VPC; of a new one a /16. */
  vpcCidr: z.string().regex(CIDR),
  /** Of an existing VPC: the subnets of nodes and functions, with a way out; of load balancers; of a new database. */
  privateSubnets: optional(z.string().regex(SUBNETS)),
  publicSubnets: optional(z.string().regex(SUBNETS)),
  databaseSubnets: optional(z.string().regex(SUBNETS)),
  /** `new`, or the name of an EKS cluster (Auto Mode, access entries) of this account and region. */
  cluster: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/),
  /** Of an existing cluster, so that EKS need not be asked: its endpoint, and its certificate authority in base64. */
  clusterEndpoint: optional(z.string().regex(/^https:\/\/[\w.-]+$/)),
  clusterCertificate: optional(z.string().regex(/^[A-Za-z0-9+/]+=*$/)),
  /** ARNs of the IAM roles and users that administer a new cluster, separated by commas. */
  clusterAdministrators: optional(
    z
      .string()
      .regex(
        /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=.@/-]+(,arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=.@/-]+)*$/,
      ),
  ),
  /** Addresses of the cluster's Services: pods ask the tenth for names. */
  serviceCidr: z.string().regex(CIDR),
  /** `yes` shuts the public endpoint of a new cluster; the functions are then in its network. */
  privateCluster: z.enum(['yes', 'no']),
  /** The processors that images are for and nodes have. Builds make images for the first. */
  architecture: z.enum(['arm64', 'amd64', 'both']),
  /** Builds that run at once: no more than the account's quota of CodeBuild allows. */
  buildsAtOnce: number(1, limits.buildsAtOnce.value).int(),
  /** The image that holds the buildpacks, by a tag or a digest. */
  packBuilder: z.string().regex(/^[a-z0-9][a-z0-9./_-]{0,200}(:[\w.-]{1,128})?(@sha256:[0-9a-f]{64})?$/),
  /** Where builds get what is on Docker Hub: a registry that mirrors it. */
  imageMirror: optional(z.string().regex(/^https:\/\/[a-z0-9.-]{1,253}(:\d{1,5})?$/)),
  /** ARN of a secret with `username` and `password` of Docker Hub, so that builds are counted by the account. */
  dockerHubSecret: optional(z.string().regex(SECRET)),
  /** The most CPUs that the cluster's nodes have, all together. */
  nodesCpu: number(2, 100_000),
  /** The most that one environment may ask for. */
  environmentCpu: number(0.5, 1000),
  environmentMemoryGib: number(1, 10_000),
  environmentPods: number(2, 5000),
  environmentStorageGib: number(1, 100_000),
  /**
   * Networks that the load balancer is in, whose word on clients' addresses is taken, and private ones that workloads
   * reach, separated by commas: of an existing cluster and database. Those of new ones are added by themselves.
   */
  ingressCidrs: optional(z.string().regex(CIDRS)),
  /** The gateway's image, where nodes reach no public registry; and the folder with Gateway API's definitions. */
  gatewayImage: image,
  /** The image of the agent that keeps what workloads print: an OpenTelemetry Collector with the parts of `contrib`. */
  logAgentImage: image,
  /** The image of Redis servers that programs ask for: Redis or Valkey, 7 or newer. None can be had without it. */
  redisImage: optional(image),
  /** `no` takes the right to make IAM users from the functions: programs then can have no buckets and no queues. */
  bucketsAndQueues: z.enum(['yes', 'no']),
  /** The image of what holds requests for environments that sleep: its entrypoint is Node.js, 22 or later. */
  activatorImage: image,
  gatewayApi: z.string().regex(/^https:\/\/[\w.-]+(:\d+)?\/[\w./-]+$/),
  /**
   * ARNs of roles of other accounts that may send what workloads print in their clusters to this installation's log group,
   * separated by commas.
   */
  outputSenders: optional(
    z
      .string()
      .regex(
        /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=.@/-]+(,arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=.@/-]+)*$/,
      ),
  ),
  egressCidrs: optional(z.string().regex(CIDRS)),
  /**
   * ARNs of secrets of Secrets Manager that projects may come to refer to, separated by commas; one may end with `*`. Which
   * project may is set by the API.
   */
  secretSources: optional(
    z
      .string()
      .regex(
        /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+\*?(,arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+\*?)*$/,
      ),
  ),
  /**
   * The address that e-mail comes from, of an identity that is verified in Amazon SES; and the domains of recipients, by commas,
   * in place of the sender's.
   */
  mailFrom: optional(z.string().regex(/^[\w.+-]+@[a-z0-9][a-z0-9.-]*\.[a-z]{2,}$/)),
  mailDomains: optional(
    z.string().regex(/^[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(,[a-z0-9][a-z0-9.-]*\.[a-z]{2,})*$/),
  ),
  /**
   * Id of the GitHub App by which services are connected to repositories; and the ARN of a secret that has its `privateKey` (PEM) and
   * the `webhookSecret` that its webhook signs with. The address of the API is that of a GitHub Enterprise Server.
   */
  githubApp: optional(z.string().regex(/^[A-Za-z0-9.]{1,64}$/)),
  githubAppSecret: optional(z.string().regex(SECRET)),
  githubAppApi: optional(
    z.string().regex(/^https:\/\/[a-z0-9.-]{1,253}(:\d{1,5})?(\/[\w./-]{0,100}[\w-])?$/),
  ),
  /**
   * Address of a Vault whose secrets projects may come to refer to. It is signed in to by a token, which a secret with
   * this ARN has, or by AWS's IAM for a role of Vault.
   */
  vault: optional(z.string().regex(/^https:\/\/[\w.-]+(:\d{1,5})?$/)),
  vaultNamespace: optional(z.string().regex(/^[\w.-]+(\/[\w.-]+)*\/?$/)),
  vaultToken: optional(z.string().regex(SECRET)),
  vaultRole: optional(z.string().regex(/^[\w.-]{1,128}$/)),
  /** The mount of Vault's method `aws`, which is `aws` unless given. */
  vaultAuth: optional(z.string().regex(/^[\w.-]{1,128}(\/[\w.-]{1,128}){0,5}$/)),
  /** `new`, or host and port of a PostgreSQL server that Berth can reach by a public address. */
  database: z.string().regex(/^(new|[A-Za-z0-9.-]+:\d{1,5})$/),
  /** Restored: a table, a snapshot of the database's cluster, and a bucket of audit heads, in the place of those made here. */
  restoredTable: optional(z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/)),
  restoredDatabase: optional(
    z
      .string()
      .regex(/^([A-Za-z][A-Za-z0-9-]{0,254}|arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:cluster-snapshot:[\w:-]+)$/),
  ),
  restoredAnchors: optional(z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)),
  restoredBackups: optional(z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)),
  /** Capacity units of a new database: at least (0 lets it pause) and at most. */
  databaseMinAcu: number(0, 256),
  databaseMaxAcu: number(1, 256),
  /** Of an existing database: ARN of the secret with the administrator's username and password. */
  databaseSecret: optional(z.string().regex(SECRET)),
  /** Any OIDC issuer; a Cognito user pool is made when there is none. */
  issuer: optional(z.string().regex(/^https:\/\/[^\s?#]+$/)),
  /** Audience of the issuer's tokens; needed with an issuer. */
  audience: optional(z.string().min(1).max(200)),
  /**
   * The issuer's client for the console (the audience unless given), and the ARN of a secret with the client's
   * secret.
   */
  clientId: optional(z.string().min(1).max(200)),
  clientSecret: optional(z.string().regex(SECRET)),
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
  /** ARN of an ACM certificate for `*.<apps>`, in the region of the cluster; workloads have HTTP alone without it. */
  appsCertificate: optional(z.string().regex(/^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/)),
  /**
   * Id of the Route 53 zone that has the domain of workloads: a certificate for `*.<apps>` is made, and proven there, in
   * place of one that is named.
   */
  appsZone: optional(z.string().regex(/^Z[A-Z0-9]{5,31}$/)),
  /** Host of the console and the API; needs a certificate. */
  domain: optional(z.string().regex(HOST)),
  /**
   * Concurrent runs that only the API has; the sweep then has two of its own. They are taken from the account's limit,
   * of which AWS keeps 100 for all others; none while 0.
   */
  reservedConcurrency: number(0, 10_000).int(),
  /** E-mail address that is told of alarms, once it has confirmed that. */
  alarmsEmail: optional(
    z
      .string()
      .max(320)
      .regex(/^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/),
  ),
  /** `yes` makes a CloudWatch dashboard, at $3 a month. */
  dashboard: z.enum(['yes', 'no']),
  /** ARN of an ACM certificate for the domain, in us-east-1. */
  certificate: optional(z.string().regex(/^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/)),
});

/** The settings' names, for the page that lists them and for tests. */
export const settingNames = Object.keys(schema.shape) as (keyof Settings)[];

export type Settings = z.output<typeof schema>;

const PREFIX = 'berth:';

/** A setting that can not be used. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/**
 * Takes `berth:<name>` from the context, so that `-c berth:cluster=name` overrides what cdk.json says.
 * @throws SettingsError naming the setting
 */
export function readSettings(node: Node): Settings {
  const unknown = Object.keys(node.getAllContext()).find(
    (key) => key.startsWith(PREFIX) && !Object.hasOwn(schema.shape, key.slice(PREFIX.length)),
  );
  if (unknown !== undefined)
    throw new SettingsError(
      `There is no setting ${unknown}: docs/how-to/install-on-aws.md names all that there are.`,
    );
  const found = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, node.tryGetContext(`${PREFIX}${name}`)]),
  );
  const parsed = schema.safeParse(found);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = `${PREFIX}${issue.path.join('.')}`;
    if (node.tryGetContext(name) === undefined)
      throw new SettingsError(
        `The setting ${name} is not in cdk.json. Take it over from the cdk.json of this release.`,
      );
    throw new SettingsError(
      `The setting ${name} can not be used: ${issue.message}. What it may be is in docs/how-to/install-on-aws.md.`,
    );
  }
  const why = contradiction(parsed.data);
  if (why !== undefined) throw new SettingsError(why);
  return parsed.data;
}
