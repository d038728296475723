/** The address from which a request came through CloudFront to the HTTP API or a Function URL. */

interface Bindings {
  event?: {
    headers?: Record<string, string | undefined>;
    requestContext?: { http?: { sourceIp?: string } };
  };
}

/**
 * The address that the edge saw: the last hop before the edge's own, which a client can not write. Both ways in are
 * closed to all but the edge: the HTTP API by edge-gate.ts, the Function URL by its signature.
 */
export function clientAddress(host: unknown): string | undefined {
  const { headers, requestContext } = (host as Bindings | undefined)?.event ?? {};
  const edge = requestContext?.http?.sourceIp;
  if (edge === undefined) return undefined;
  const hops = (headers?.['x-forwarded-for'] ?? '').split(',').map((hop) => hop.trim());
  return hops.filter((hop) => /^[0-9a-fA-F.:]{2,45}$/.test(hop) && hop !== edge).at(-1) ?? edge;
}
