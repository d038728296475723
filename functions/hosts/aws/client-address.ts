/** The address from which a request came through CloudFront to the HTTP API or a Function URL. */

interface Bindings {
  event?: {
    headers?: Record<string, string | undefined>;
    requestContext?: { http?: { sourceIp?: string } };
  };
}

/**
 * The address that the edge saw, and the edge's own: `192.0.2.7 via 198.51.100.1`. Only the last one can not be
 * forged: someone who bypasses CloudFront may write any first address, but then appears as the last.
 */
export function clientAddress(host: unknown): string | undefined {
  const { headers, requestContext } = (host as Bindings | undefined)?.event ?? {};
  const last = requestContext?.http?.sourceIp;
  if (last === undefined) return undefined;
  const hops = (headers?.['x-forwarded-for'] ?? '').split(',').map((hop) => hop.trim());
  const before = hops.filter((hop) => /^[0-9a-fA-F.:]{2,45}$/.test(hop) && hop !== last).at(-1);
  return before === undefined ? last : `${before} via ${last}`;
}
