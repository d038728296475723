/** What Berth writes and reads of Gateway API, `gateway.networking.k8s.io/v1`: no library has types for it alone. */

/** A Gateway that a route is attached to: a listener of it, or all that let the route in. */
export interface ParentReference {
  group: 'gateway.networking.k8s.io';
  kind: 'Gateway';
  name: string;
  namespace: string;
  sectionName?: string;
}

export type HttpRouteFilter =
  | {
      type: 'RequestHeaderModifier';
      requestHeaderModifier: { set: { name: string; value: string }[] };
    }
  | {
      type: 'RequestRedirect';
      requestRedirect: { scheme: 'https'; port: number; statusCode: 301 };
    };

export interface HttpRouteRule {
  matches: { path: { type: 'PathPrefix' | 'Exact'; value: string } }[];
  filters?: HttpRouteFilter[];
  backendRefs: BackendRef[];
}

/** With what the API would set by itself, so that it is stored as it is declared. */
export interface BackendRef {
  group: '';
  kind: 'Service';
  name: string;
  /** The Service of another namespace takes a grant of that one. */
  namespace?: string;
  port: number;
  /** Beside the others. With 0 it gets no request. */
  weight: number;
}

export interface HttpRouteSpec {
  parentRefs: ParentReference[];
  hostnames: string[];
  rules: HttpRouteRule[];
}

/** In the namespace of a Service: which routes of other namespaces may lead to it. */
export interface ReferenceGrantSpec {
  from: { group: 'gateway.networking.k8s.io'; kind: 'HTTPRoute'; namespace: string }[];
  to: { group: ''; kind: 'Service'; name: string }[];
}

/** As in all of Kubernetes: what a controller says of an object as it was at `observedGeneration`. */
export interface GatewayCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  observedGeneration?: number;
}

export interface HttpRouteStatus {
  parents?: { parentRef: Partial<ParentReference>; conditions?: GatewayCondition[] }[];
}

export interface GatewayListener {
  name: string;
  hostname?: string;
  port: number;
  protocol: string;
  tls?: { mode: 'Terminate'; certificateRefs: { group: ''; kind: 'Secret'; name: string }[] };
  allowedRoutes?: { namespaces?: { from?: string } };
}

export interface GatewaySpec {
  gatewayClassName: string;
  listeners: GatewayListener[];
}

export interface GatewayStatus {
  conditions?: GatewayCondition[];
}
