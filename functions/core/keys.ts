/**
 * The key of each record in the Store. Names hold no `#` (they are RFC 1123 labels), so no two keys can be mistaken
 * for each other; text that users choose freely (keys, tags) is escaped or hashed.
 */
import type { EnvironmentRef, InstanceRef } from './model/index.ts';
import { shortHash } from './names.ts';

interface Key {
  pk: string;
  sk: string;
}

interface ServiceRef {
  project: string;
  service: string;
}

/** An environment in one text: what is in it, outside of the store too, has a name that begins with this and a slash. */
export const environmentName = ({ project, environment }: EnvironmentRef): string =>
  `${project}/${environment}`;
/** A service in an environment in one text: the log of its output, and the key of what adapters hold of it. */
export const instanceName = (instance: InstanceRef): string =>
  `${environmentName(instance)}/${instance.service}`;

export const PROJECTS = 'projects';
export const projectKey = (project: string): Key => ({ pk: PROJECTS, sk: project });
/** Stays when a project is deleted: it keeps the project's name from others. */
export const deletedProjectKey = (project: string): Key => ({
  pk: `deleted-project#${project}`,
  sk: 'deleted-project',
});

export const projectPartition = (project: string): string => `project#${project}`;
export const SERVICE_PREFIX = 'service#';
export const serviceKey = ({ project, service }: ServiceRef): Key => ({
  pk: projectPartition(project),
  sk: `${SERVICE_PREFIX}${service}`,
});
export const ENVIRONMENT_PREFIX = 'environment#';
export const environmentKey = ({ project, environment }: EnvironmentRef): Key => ({
  pk: projectPartition(project),
  sk: `${ENVIRONMENT_PREFIX}${environment}`,
});

export const membersPartition = (project: string): string => `members#${project}`;
/** @param principal id of a person or a group */
export const memberKey = (project: string, principal: string): Key => ({
  pk: membersPartition(project),
  sk: principal,
});
/**
 * The list of a project's administrators. It is written with each change of them, so that at least one always stays.
 */
export const administratorsKey = (project: string): Key => ({
  pk: `administrators#${project}`,
  sk: 'administrators',
});
export const membershipsPartition = (principal: string): string => `memberships#${principal}`;
/** Points from a person or a group to a project that has let it in. */
export const membershipKey = (principal: string, project: string): Key => ({
  pk: membershipsPartition(principal),
  sk: project,
});

/** @param hash of the token, see authorization/token-format.ts */
export const tokenKey = (hash: string): Key => ({ pk: `token#${hash}`, sk: 'token' });
/** @param owner id of a person, or `project:` and the project's name */
export const tokensPartition = (owner: string): string => `tokens#${owner}`;
/** Points from an owner to a token's hash. */
export const ownedTokenKey = (owner: string, id: string): Key => ({ pk: tokensPartition(owner), sk: id });
export const projectOwner = (project: string): string => `project:${project}`;

export const trustsPartition = (project: string): string => `trusts#${project}`;
export const trustKey = (project: string, id: string): Key => ({ pk: trustsPartition(project), sk: id });

export const webhooksPartition = (project: string): string => `webhooks#${project}`;
export const webhookKey = (project: string, id: string): Key => ({ pk: webhooksPartition(project), sk: id });
/** One partition for the deliveries of all projects: each pass reads them together. */
export const WEBHOOK_DELIVERIES = 'webhook-deliveries';
export const webhookDeliveryKey = (project: string, id: string): Key => ({
  pk: WEBHOOK_DELIVERIES,
  sk: `${project}#${id}`,
});
/** The path of a signing secret in the Secrets port; it is not the name of any environment. */
export const signingSecretPath = (project: string, id: string): string => `${project}/-webhooks/${id}`;

export const drainsPartition = (project: string): string => `drains#${project}`;
export const drainKey = (project: string, id: string): Key => ({ pk: drainsPartition(project), sk: id });
/** One partition for how far the drains of all projects are: each pass reads them together. */
export const DRAIN_DELIVERIES = 'drain-deliveries';
export const drainDeliveryKey = (project: string, id: string): Key => ({
  pk: DRAIN_DELIVERIES,
  sk: `${project}#${id}`,
});
/** How far a drain has read each stream. */
export const drainPlacesPartition = (id: string): string => `drain-places#${id}`;
export const drainPlaceKey = (id: string, stream: string): Key => ({
  pk: drainPlacesPartition(id),
  sk: stream,
});
/** The path of the headers that a drain sends; as those of webhooks. */
export const drainHeadersPath = (project: string, id: string): string => `${project}/-drains/${id}`;

export const connectionKey = ({ project, service }: ServiceRef): Key => ({
  pk: `connections#${project}`,
  sk: service,
});
/** Points from the id in a hook's address to the service. */
export const connectionIdKey = (id: string): Key => ({ pk: `connection#${id}`, sk: 'connection' });
/** The path of what a provider signs with; as those of webhooks. */
export const hookSecretPath = (project: string, id: string): string => `${project}/-connections/${id}`;
/** The path of a token for source: builds may read it. */
export const gitTokenPath = (project: string, id: string): string => `-builds/${project}/-git/${id}`;
export const deliveriesPartition = (connection: string): string => `deliveries#${connection}`;
export const DELIVERY_PREFIX = 'delivery#';
export const deliveryKey = (connection: string, number: number): Key => ({
  pk: deliveriesPartition(connection),
  sk: `${DELIVERY_PREFIX}${String(number).padStart(10, '0')}`,
});
/** The number of the connection's newest delivery. */
export const deliveryCounterKey = (connection: string): Key => ({
  pk: deliveriesPartition(connection),
  sk: 'counter',
});
/** Points from what makes a message the same one to its number. */
export const seenKey = (connection: string, what: string): Key => ({
  pk: deliveriesPartition(connection),
  sk: `seen#${shortHash(what, 64)}`,
});
/** @param name the full ref of a branch, or of a pull request */
export const laneKey = (connection: string, name: string): Key => ({
  pk: `lanes#${connection}`,
  sk: shortHash(name, 32),
});
/** The deployment at the provider that tells of a delivery, or of the newest one of a pull request. */
export const toldDeploymentKey = (connection: string, lane: string): Key => ({
  pk: deliveriesPartition(connection),
  sk: `deployment#${lane}`,
});
/** That the token may not tell of deployments. */
export const deploymentsRefusedKey = (connection: string): Key => ({
  pk: deliveriesPartition(connection),
  sk: 'deployments-refused',
});
/** The connections by the GitHub App to repositories of an owner, and how the App is there. */
export const appConnectionsPartition = (owner: string): string => `app-connections#${owner.toLowerCase()}`;
/** @param repository its full name */
export const appConnectionPrefix = (repository: string): string => `${repository.toLowerCase()}#`;
export const appConnectionKey = (repository: string, connection: string): Key => ({
  pk: appConnectionsPartition(repository.split('/', 1)[0] ?? ''),
  sk: `${appConnectionPrefix(repository)}${connection}`,
});
/** Which projects may use which repositories by the GitHub App. */
export const APP_RULES_KEY: Key = { pk: 'app-rules', sk: 'app-rules' };
const PREVIEWS = 'previews#';
export const previewsPartition = (project: string): string => `${PREVIEWS}${project}`;
export const isPreviewKey = ({ pk }: Key): boolean => pk.startsWith(PREVIEWS);
/** Of a project: its environments in the order in which versions come to them. */
export const pipelineKey = (project: string): Key => ({ pk: `pipeline#${project}`, sk: 'pipeline' });
const PROMOTIONS = 'promotions#';
export const promotionsPartition = ({ project, service }: ServiceRef): string =>
  `${PROMOTIONS}${project}#${service}`;
export const isPromotionKey = ({ pk }: Key): boolean => pk.startsWith(PROMOTIONS);
export const PROMOTION_PREFIX = 'promotion#';
export const promotionKey = (service: ServiceRef, id: string): Key => ({
  pk: promotionsPartition(service),
  sk: `${PROMOTION_PREFIX}${id}`,
});
/** Says which promotion of the service is under way. */
export const promotionHeadKey = (service: ServiceRef): Key => ({
  pk: promotionsPartition(service),
  sk: 'head',
});
export const previewPrefix = (service: string): string => `${service}#`;
export const previewKey = ({ project, service }: ServiceRef, number: number): Key => ({
  pk: previewsPartition(project),
  sk: `${previewPrefix(service)}${String(number).padStart(10, '0')}`,
});
/** The provider's id of the comment that tells of a preview. */
export const previewCommentKey = (service: ServiceRef, number: number): Key => ({
  pk: `comments#${service.project}`,
  sk: previewKey(service, number).sk,
});

export const personKey = (id: string): Key => ({ pk: `person#${id}`, sk: 'person' });

const VERSIONS = 'versions#';
export const versionsPartition = ({ project, service }: ServiceRef): string =>
  `${VERSIONS}${project}#${service}`;
export const VERSION_PREFIX = 'version#';
/** @param order a ULID: versions are listed in the order in which they were made */
export const versionKey = (service: ServiceRef, order: string): Key => ({
  pk: versionsPartition(service),
  sk: `${VERSION_PREFIX}${order}`,
});
/** Points from a version's id to its record. */
export const versionIdKey = (service: ServiceRef, id: string): Key => ({
  pk: versionsPartition(service),
  sk: `id#${id}`,
});
/** Points from a tag to the ids that carry it. */
export const versionTagKey = (service: ServiceRef, tag: string): Key => ({
  pk: versionsPartition(service),
  sk: `tag#${tag}`,
});

export const REMOVAL_PREFIX = 'removal#';
export const imageRemovalKey = (service: ServiceRef, digest: string): Key => ({
  pk: versionsPartition(service),
  sk: `${REMOVAL_PREFIX}${digest}`,
});
/** Tells when the versions of a service are looked through for those that can go. */
export const versionsLookKey = (service: ServiceRef): Key => ({ pk: versionsPartition(service), sk: 'look' });
export const isVersionsLookKey = ({ pk, sk }: Key): boolean => pk.startsWith(VERSIONS) && sk === 'look';

const DESTROYED = 'destroyed-environments#';
/** The environments of a project that were destroyed and whose output is kept still, by their ids. */
export const destroyedPartition = (project: string): string => `${DESTROYED}${project}`;
export const isDestroyedKey = ({ pk }: Key): boolean => pk.startsWith(DESTROYED);
export const destroyedKey = (project: string, id: string): Key => ({
  pk: destroyedPartition(project),
  sk: id,
});

/** The records that belong to one environment beside its own, and are removed with it. */
export const environmentPartition = ({ project, environment }: EnvironmentRef): string =>
  `environment#${project}#${environment}`;
export const RESOURCE_PREFIX = 'resource#';
export const resourceKey = (environment: EnvironmentRef, uid: string): Key => ({
  pk: environmentPartition(environment),
  sk: `${RESOURCE_PREFIX}${uid}`,
});
/** All variables of an environment are one record: a deployment reads them at once. */
export const variablesKey = (environment: EnvironmentRef): Key => ({
  pk: environmentPartition(environment),
  sk: 'variables',
});
export const SECRET_PREFIX = 'secret#';
export const secretKey = (environment: EnvironmentRef, name: string): Key => ({
  pk: environmentPartition(environment),
  sk: `${SECRET_PREFIX}${name}`,
});
/** Which projects may refer to secrets that are kept elsewhere. */
export const SECRET_SOURCES_KEY: Key = { pk: 'secret-sources', sk: 'secret-sources' };
/** The newest version of each recipe, by its type. */
export const RECIPES = 'recipes';
export const recipeKey = (type: string): Key => ({ pk: RECIPES, sk: type });
/** All versions of a recipe, which stay when it is deleted: deployments name them. */
export const recipeVersionsPartition = (type: string): string => `recipe#${type}`;
export const recipeVersionKey = (type: string, version: number): Key => ({
  pk: recipeVersionsPartition(type),
  sk: String(version).padStart(10, '0'),
});
/** The path of the value in the Secrets port. */
export const secretPath = (environment: EnvironmentRef, name: string): string =>
  `${environmentName(environment)}/env/${name}`;

/** They begin with what is the name of no project, and outlive their environments. */
const MASKS = '-masks';
/** The paths of what hides the secrets of an environment's deployments in the output that is kept of them. */
export const maskPrefix = (environment: EnvironmentRef): string => `${MASKS}/${environmentName(environment)}`;
export const maskPath = (instance: InstanceRef): string => `${MASKS}/${instanceName(instance)}`;
/** Whether a path is one of these, or a prefix of such paths. */
export const isOfMasks = (path: string): boolean => path.startsWith(`${MASKS}/`);

/** All secrets for the builds of a project are one record. */
export const buildSecretsKey = (project: string): Key => ({
  pk: `build-secrets#${project}`,
  sk: 'build-secrets',
});
/** They begin with what is the name of no project: builds on AWS may read these alone. */
export const buildSecretPath = (project: string, name: string): string => `-builds/${project}/${name}`;
/** The password of a registry; no secret for builds has a name with a dash. */
export const registryPasswordPath = (project: string, registry: string): string =>
  `-builds/${project}/-registries/${registry.replace(':', '_')}`;
/** Whether a path is that of a secret for builds, or a prefix of such paths. */
export const isForBuilds = (path: string): boolean => path.startsWith('-builds/');

export const deploymentsPartition = ({ project, environment, service }: InstanceRef): string =>
  `deployments#${project}#${environment}#${service}`;
export const deploymentKey = (instance: InstanceRef, number: number): Key => ({
  pk: deploymentsPartition(instance),
  sk: String(number).padStart(10, '0'),
});

/** The jobs of an environment are removed with it. */
export const JOB_PREFIX = 'job#';
export const jobPrefix = (service: string): string => `${JOB_PREFIX}${service}#`;
export const jobKey = (instance: InstanceRef, job: string): Key => ({
  pk: environmentPartition(instance),
  sk: `${jobPrefix(instance.service)}${job}`,
});

/** The backups of an environment's resources are removed with it. */
export const BACKUP_PREFIX = 'backup#';
/** @param resource its uid, in which there may be any of the characters of a key */
export const backupPrefix = (resource: string): string => `${BACKUP_PREFIX}${shortHash(resource, 16)}#`;
export const backupKey = (environment: EnvironmentRef, resource: string, backup: string): Key => ({
  pk: environmentPartition(environment),
  sk: `${backupPrefix(resource)}${backup}`,
});
export const BACKUP_PLAN_PREFIX = 'backup-plan#';
export const backupPlanKey = (environment: EnvironmentRef, resource: string): Key => ({
  pk: environmentPartition(environment),
  sk: `${BACKUP_PLAN_PREFIX}${shortHash(resource, 16)}`,
});
export const isBackupPlanKey = ({ sk }: Key): boolean => sk.startsWith(BACKUP_PLAN_PREFIX);

/** Where the Backups port has those of a resource; a later environment of the name has others. */
export const backupsPath = (
  { project, environment, environmentId }: EnvironmentRef & { environmentId: string },
  resource: string,
): string => `${project}/${environment}/${shortHash(environmentId, 16)}/${shortHash(resource, 16)}/`;

/** The domains of an environment are removed with it. */
export const DOMAIN_PREFIX = 'domain#';
export const domainKey = (environment: EnvironmentRef, name: string): Key => ({
  pk: environmentPartition(environment),
  sk: `${DOMAIN_PREFIX}${name}`,
});
/** The domains that are proven, of all projects: who holds each. */
export const DOMAIN_CLAIMS = 'domain-claims';
export const domainClaimKey = (name: string): Key => ({ pk: DOMAIN_CLAIMS, sk: name });
export const certificateOrdersKey = (project: string): Key => ({
  pk: `certificate-orders#${project}`,
  sk: 'certificate-orders',
});
/** What the secrets of an environment's domains begin with: no name of a secret is `-domains`. */
export const domainSecretPath = (
  environment: EnvironmentRef,
  name: string,
  part: 'key' | 'certificate',
): string => `${environmentName(environment)}/-domains/${name}/${part}`;
/** Where the key of the account with the certificate authority is: below the name of no project. */
export const CERTIFICATE_ACCOUNT_PATH = '-certificates/account-key';

/** Where the seed of the key is that signs packs of evidence: below the name of no project. */
export const EVIDENCE_KEY_PATH = '-evidence/signing-key';

export const maskingKey = (project: string): Key => ({ pk: `masking#${project}`, sk: 'masking' });

/** How an environment came to begin as another one; it is removed with the environment. */
export const cloneKey = (environment: EnvironmentRef): Key => ({
  pk: environmentPartition(environment),
  sk: 'clone',
});
export const isCloneKey = ({ sk }: Key): boolean => sk === 'clone';

export const operationKey = (operation: string): Key => ({ pk: `operation#${operation}`, sk: 'operation' });
/** The latest operations of a project, one short line each: the operations themselves are found by their ids. */
export const operationsPartition = (project: string): string => `operations#${project}`;
/** The builds of a service, one short line each: among all operations of a project they would be far apart. */
export const buildsPartition = ({ project, service }: ServiceRef): string => `builds#${project}#${service}`;
/** Tells when what stays beside what serves of a service is to end. */
export const standbyKey = ({ project, environment, service }: InstanceRef): Key => ({
  pk: `standby#${project}#${environment}#${service}`,
  sk: 'standby',
});

/** The runs of a service in one environment, one short line each; none of an earlier environment of its name. */
export const runsPartition = ({
  project,
  environmentId,
  service,
}: InstanceRef & { environmentId: string }): string => `runs#${project}#${environmentId}#${service}`;

export const eventsPartition = (project: string): string => `audit#${project}`;
/** @param number of the event in its chain: no two events can have the same place */
export const eventKey = (project: string, number: number): Key => ({
  pk: eventsPartition(project),
  sk: String(number).padStart(12, '0'),
});

/** The places of the installation are one record, and what was last seen of them is another. */
export const placesKey: Key = { pk: 'places', sk: 'places' };
export const sightingsKey: Key = { pk: 'places', sk: 'sightings' };
export const placedPartition = (place: string): string => `placed#${place}`;
/** Points from a place to an environment that is in it. */
export const placedKey = (place: string, environment: EnvironmentRef): Key => ({
  pk: placedPartition(place),
  sk: environmentName(environment),
});

/** All policies of a project are kept in one record. */
export const policiesKey = (project: string): Key => ({ pk: `policies#${project}`, sk: 'policies' });
/** Stands in the place of a project's name for policies that hold everywhere. */
export const PLATFORM_POLICIES = '-';

/** The alert rules of a project are one record, where they are not the defaults; its silences are another. */
export const alertRulesKey = (project: string): Key => ({ pk: `alert-rules#${project}`, sk: 'alert-rules' });
export const alertSilencesKey = (project: string): Key => ({
  pk: `alert-silences#${project}`,
  sk: 'alert-silences',
});
export const alertsPartition = (project: string): string => `alerts#${project}`;
/** @param alert a ULID: alerts are listed in the order in which they fired */
export const alertKey = (project: string, alert: string): Key => ({
  pk: alertsPartition(project),
  sk: alert,
});
/** One partition for the environments of all projects that are watched: each look reads them together. */
export const ALERT_WATCHES = 'alert-watches';
export const alertWatchKey = (environment: EnvironmentRef): Key => ({
  pk: ALERT_WATCHES,
  sk: environmentName(environment),
});
/** Says that the environments from before there were alerts are watched too; no name of a project is `-begun`. */
export const ALERT_WATCHES_BEGUN: Key = { pk: ALERT_WATCHES, sk: '-begun' };

/**
 * All sessions of one person.
 * @param owner a hash of the principal's id, since the id may hold any character
 */
export const sessionsPartition = (owner: string): string => `sessions#${owner}`;
export const sessionOwner = (principal: string): string => shortHash(principal, 32);
export const sessionKey = (owner: string, session: string): Key => ({
  pk: sessionsPartition(owner),
  sk: session,
});

export const idempotencyKey = (principal: string, key: string): Key => ({
  pk: `idempotency#${shortHash(`${principal}\u001f${key}`, 64)}`,
  sk: 'idempotency',
});

/** A change that was planned for a caller, who may ask for it once. */
export const changePlanKey = (id: string): Key => ({ pk: `change-plan#${id}`, sk: 'change-plan' });

/** Queues of the due index. */
export const OPERATIONS_QUEUE = 'operations';
export const ENVIRONMENTS_QUEUE = 'environments';
/** Jobs, and backups that are made by themselves: what runs by a schedule. */
export const JOBS_QUEUE = 'jobs';
export const STANDBY_QUEUE = 'standby';
export const DOMAINS_QUEUE = 'domains';
export const RETENTION_QUEUE = 'retention';
/** Deliveries of git providers, previews, promotions, and clones of environments. */
export const DELIVERIES_QUEUE = 'deliveries';

/** The log of an operation's output (a build, a run). */
export const operationLog = (operation: string): string => `operations/${operation}`;
