/** What Berth writes and reads of Gateway API, `gateway.networking.k8s.io/v1`: no library has types for it alone. */

/** A Gateway that a route is attached to; all of its listeners that let the route in. */
export interface ParentReference {
  group: 'gateway.networking.k8s.io';
  kind: 'Gateway';
  name: string;
  namespace: string;
}

export interface HttpRouteRule {
  matches: { path: { type: 'PathPrefix'; value: string } }[];
  filters?: {
    type: 'RequestHeaderModifier';
    requestHeaderModifier: { set: { name: string; value: string }[] };
  }[];
  backendRefs: { kind: 'Service'; name: string; port: number }[];
}

export interface HttpRouteSpec {
  parentRefs: ParentReference[];
  hostnames: string[];
  rules: HttpRouteRule[];
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

export interface GatewayStatus {
  conditions?: GatewayCondition[];
}
