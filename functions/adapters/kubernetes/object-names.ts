/** What things are called in the cluster. */
import type { EnvironmentRef, InstanceRef } from '../../core/model/index.ts';
import { deriveName, shortHash } from '../../core/names.ts';

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

/** The name of a service's Deployment, Service and so on. A Service's name has to start with a letter. */
export const serviceName = ({ service }: Pick<InstanceRef, 'service'>): string =>
  /^[a-z]/.test(service) ? service : `s-${service}-${shortHash(service)}`;

/** A thing that belongs to one deployment, so that a rollback finds exactly what it had. */
export const numberedName = (ref: Pick<InstanceRef, 'service'>, kind: string, number: number): string =>
  deriveName([serviceName(ref), `${kind}${number}`], LABEL_MAX);

/** Characters at the end of a route's name that no other route has, in no namespace: gateways count by them. */
export const ROUTE_KEY = 16;

/** @param part counts the routes of one host */
export const routeName = (
  ref: Pick<InstanceRef, 'service'>,
  namespace: string,
  host: string,
  part: number,
): string =>
  `${serviceName(ref).slice(0, LABEL_MAX - 1 - ROUTE_KEY)}-${shortHash([namespace, ref.service, host, part].join('/'), ROUTE_KEY)}`;

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
