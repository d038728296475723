/**
 * A domain of a customer in the cluster: a Gateway of its own in the namespace of its environment, the certificate beside
 * it, and routes. A Gateway has 64 listeners at most, and a certificate of another namespace would take a grant.
 */
import type { InstanceRef } from '../../../core/model/index.ts';
import type { ServedDomain } from '../../../ports/domains.ts';
import type { Stored } from '../api/apply.ts';
import { CHALLENGE_HEADER, domainGatewayName, namespaceName, routeName } from '../object-names.ts';
import type { GatewayListener, GatewaySpec, HttpRouteRule, ParentReference } from './gateway-api.ts';
import { DOMAIN_LABEL, DOMAINS_OF_LABEL, environmentLabels, instanceLabels } from './labels.ts';
import type {
  GatewayObject,
  HttpRouteObject,
  KubernetesObject,
  ObjectMetadata,
  SecretObject,
} from './objects.ts';
import type { ActivatorOptions, RenderOptions } from './options.ts';
import { type Backends, firstPort, type WhenServing } from './route-manifests.ts';

/** How the Gateway of the platform is reached: that of a domain is by the same class and ports. */
export interface Entrance {
  className: string;
  http: number;
  /** Absent where TLS ends before the gateway: domains have no certificate then. */
  https?: number;
}

/** PEM. */
export interface CertificatePair {
  key: string;
  cert: string;
}

export const CHALLENGE_PATH = '/.well-known/acme-challenge/';

/** Found by whose domains they are, and by the domain. */
export const domainLabels = (prefix: string, domain: string): Record<string, string> => ({
  [DOMAINS_OF_LABEL]: prefix,
  [DOMAIN_LABEL]: domainGatewayName(domain),
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface DomainObjects {
  gateway: GatewayObject;
  /** All else but the route to its service; by the uid of the Gateway as it is stored. */
  rest(uid: string): KubernetesObject[];
}

/** What the Gateway of a domain takes along when it goes. */
const ownedBy = (name: string, uid: string): Required<ObjectMetadata>['ownerReferences'] => [
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name, uid },
];

export function renderDomain(
  { name: host, instance, challenges }: ServedDomain,
  entrance: Entrance,
  pair: CertificatePair | undefined,
  options: Pick<RenderOptions, 'namespacePrefix' | 'activator'>,
): DomainObjects {
  const { namespacePrefix, activator } = options;
  const namespace = namespaceName(namespacePrefix, instance);
  const name = domainGatewayName(host);
  const labels = { ...environmentLabels(instance), ...domainLabels(namespacePrefix, host) };
  const listener = (protocol: 'HTTP' | 'HTTPS', port: number): GatewayListener => ({
    name: protocol.toLowerCase(),
    hostname: host,
    port,
    protocol,
    allowedRoutes: { namespaces: { from: 'Same' } },
  });
  const isSecure = pair !== undefined && entrance.https !== undefined;
  const gateway: GatewayObject = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    // By the labels of its service the routes of that find it.
    metadata: { name, namespace, labels: { ...labels, ...instanceLabels(instance) } },
    spec: {
      gatewayClassName: entrance.className,
      listeners: [
        listener('HTTP', entrance.http),
        ...(isSecure
          ? [
              {
                ...listener('HTTPS', entrance.https ?? 0),
                tls: {
                  mode: 'Terminate' as const,
                  certificateRefs: [{ group: '' as const, kind: 'Secret' as const, name }],
                },
              },
            ]
          : []),
      ],
    },
  };
  const rules = [
    ...(activator ? challenges.map((each) => challengeRule(each, activator)) : []),
    ...(isSecure ? [toHttps] : []),
  ];
  return {
    gateway,
    rest(uid) {
      const metadata = { name, namespace, labels, ownerReferences: ownedBy(name, uid) };
      const secret: SecretObject = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata,
        type: 'kubernetes.io/tls',
        data: { 'tls.key': base64(pair?.key ?? ''), 'tls.crt': base64(pair?.cert ?? '') },
      };
      return [
        ...(isSecure ? [secret] : []),
        ...(rules.length > 0 ? [domainRoute(metadata, gateway, 'http', rules)] : []),
      ];
    },
  };
}

/** The activator answers with what the route has it told. */
const challengeRule = (
  { token, answer }: ServedDomain['challenges'][number],
  { name, namespace, port }: ActivatorOptions,
): HttpRouteRule => ({
  matches: [{ path: { type: 'Exact', value: `${CHALLENGE_PATH}${token}` } }],
  filters: [
    {
      type: 'RequestHeaderModifier',
      requestHeaderModifier: { set: [{ name: CHALLENGE_HEADER, value: answer }] },
    },
  ],
  backendRefs: [{ group: '', kind: 'Service', name, namespace, port, weight: 1 }],
});

const toHttps: HttpRouteRule = {
  matches: [{ path: { type: 'PathPrefix', value: '/' } }],
  filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', port: 443, statusCode: 301 } }],
  backendRefs: [],
};

const hasTls = (gateway: { spec: GatewaySpec }): boolean =>
  gateway.spec.listeners.some(({ protocol }) => protocol === 'HTTPS');

const domainRoute = (
  metadata: HttpRouteObject['metadata'],
  gateway: { metadata: { name: string }; spec: GatewaySpec },
  sectionName: string,
  rules: HttpRouteRule[],
): HttpRouteObject => {
  const parent: ParentReference = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    name: gateway.metadata.name,
    namespace: metadata.namespace ?? '',
    sectionName,
  };
  const hostnames = gateway.spec.listeners.slice(0, 1).flatMap(({ hostname }) => hostname ?? []);
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata,
    spec: { parentRefs: [parent], hostnames, rules },
  };
};

/** The Gateway of a domain, as it is stored. */
type StoredDomain = Pick<GatewayObject, 'spec'> & Pick<Stored, 'metadata'>;

/** The routes of a service by its domains; all paths lead to its first port. @param gateways of its domains, as they are stored */
export function renderDomainRoutes(
  spec: InstanceRef & Pick<WhenServing, 'ports'>,
  { namespacePrefix }: Pick<RenderOptions, 'namespacePrefix'>,
  gateways: readonly StoredDomain[],
  backends: Backends,
): HttpRouteObject[] {
  const port = firstPort(spec.ports);
  if (!port) return [];
  const namespace = namespaceName(namespacePrefix, spec);
  return gateways.map((gateway) => {
    const name = routeName(spec, namespace, gateway.metadata.name, 0);
    const { [DOMAIN_LABEL]: domain = '', [DOMAINS_OF_LABEL]: prefix = '' } = gateway.metadata.labels ?? {};
    const labels = { ...instanceLabels(spec), [DOMAIN_LABEL]: domain, [DOMAINS_OF_LABEL]: prefix };
    const matches: HttpRouteRule['matches'] = [{ path: { type: 'PathPrefix', value: '/' } }];
    const section = hasTls(gateway) ? 'https' : 'http';
    const ownerReferences = ownedBy(gateway.metadata.name, gateway.metadata.uid);
    return domainRoute({ name, namespace, labels, ownerReferences }, gateway, section, [
      { matches, backendRefs: backends(name, port.port) },
    ]);
  });
}
