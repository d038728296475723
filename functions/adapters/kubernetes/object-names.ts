/** What things are called in the cluster. */
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { deriveName, shortHash } from '../../core/names.ts';
import type { Track } from './manifests/labels.ts';

/** The limit of namespaces, Services, containers, label values. */
export const LABEL_MAX = 63;

/** The name that Berth applies under: it owns the fields that Berth declares. */
export const FIELD_MANAGER = 'berth';

/** @param prefix tells Berth's namespaces from others, and two Berths in one cluster from each other. */
export const namespaceName = (prefix: string, { project, environment }: EnvironmentRef): string =>
  deriveName([prefix, project, environment], LABEL_MAX);

/** Where an installation of that name has its gateway. No environment's namespace has a name of two parts. */
export const gatewayNamespace = (installation: string): string => `${installation}-gateway`;

/** Where the pods of the gateway that the stacks make tell what they counted. */
export const gatewayMetrics = { selector: 'app.kubernetes.io/name=gateway', port: 9100 };

/** What holds requests for environments that sleep; in the gateway's namespace where the stacks make it. */
export const ACTIVATOR = 'activator';

/** For whom the activator's tokens are made: nothing else takes them. */
export const WAKES_AUDIENCE = 'berth-wakes';

/** The gateway tells the activator by it whose a request is, as `project/environment/service:port`. */
export const SLEEPER_HEADER = 'Berth-Sleeper';

/** A route tells the activator by it what an authority is to be answered that asks a domain for its proof. */
export const CHALLENGE_HEADER = 'Berth-Challenge';

/** By it Berth asks the activator, through the gateway, whether an authority would be answered: with 204 it would. */
export const PROBE_HEADER = 'Berth-Probe';
export const PROBED = 204;

/** The name of a domain's Gateway, and of all that is there for it alone. */
export const domainGatewayName = (domain: string): string => `domain-${shortHash(domain, ROUTE_KEY)}`;

/** The name of a service's Deployment, Service and so on. A Service's name has to start with a letter. */
export const serviceName = ({ service }: Pick<InstanceRef, 'service'>): string =>
  /^[a-z]/.test(service) ? service : `s-${service}-${shortHash(service)}`;

/** A thing that belongs to one deployment, so that a rollback finds exactly what it had. */
export const numberedName = (ref: Pick<InstanceRef, 'service'>, kind: string, number: number): string =>
  deriveName([serviceName(ref), `${kind}${number}`], LABEL_MAX);

/** Characters at the end of a route's name, or a Service's, that no other has in any namespace: gateways count by them. */
export const ROUTE_KEY = 16;

/** @param part counts the routes of one host */
export const routeName = (
  ref: Pick<InstanceRef, 'service'>,
  namespace: string,
  host: string,
  part: number,
): string => keyedName(ref, [namespace, ref.service, host, part]);

const keyedName = (ref: Pick<InstanceRef, 'service'>, parts: readonly (string | number)[]): string =>
  `${serviceName(ref).slice(0, LABEL_MAX - 1 - ROUTE_KEY)}-${shortHash(parts.join('/'), ROUTE_KEY)}`;

/** The name of the Deployment of a track, and of what scales and guards it. */
export const deploymentName = (ref: Pick<InstanceRef, 'service'>, namespace: string, track: Track): string =>
  track === 'a' ? serviceName(ref) : keyedName(ref, [namespace, ref.service, 'track', track]);

/**
 * The name of the Service that the gateway reaches one deployment by; its end is a key as that of a route is.
 * @param since the deployment that has begun on the track
 */
export const trackServiceName = (
  ref: Pick<InstanceRef, 'service'>,
  namespace: string,
  since: number,
): string => keyedName(ref, [namespace, ref.service, 'deployment', since]);

export const fenceName = (ref: Pick<InstanceRef, 'service'>): string =>
  deriveName([serviceName(ref), 'fence'], LABEL_MAX);

export const volumeName = (name: string): string => deriveName(['volume', name], LABEL_MAX);

/** Host label of a service: one label, so that one wildcard certificate covers all. */
export const hostLabel = ({ service, environment, project }: InstanceRef): string =>
  deriveName([service, environment, project], LABEL_MAX);

/** Host label of a dns resource; it never equals a service's, which has one part less. */
export const dnsLabel = ({ environment, project }: EnvironmentRef, label: string): string =>
  deriveName([label, 'dns', environment, project], LABEL_MAX);

/** `apps.example.com` of `apps.example.com:8443`. */
export const domainName = (domain: string): string => domain.replace(/:\d+$/, '').toLowerCase();
