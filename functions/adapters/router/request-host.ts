/** What the Host header says. */

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL}){0,20}$`);

/**
 * The host name of a Host header in lower case, without its port; undefined for what is not a plain DNS name
 * (an address, an empty label, a character that does not belong). Takes time in proportion to the text.
 */
export function parseHost(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 260) return undefined;
  const colon = header.indexOf(':');
  if (colon !== -1 && !/^:\d{1,5}$/.test(header.slice(colon))) return undefined;
  const host = (colon === -1 ? header : header.slice(0, colon)).toLowerCase();
  return host.length <= 253 && HOST.test(host) ? host : undefined;
}

export interface WorkloadHost {
  project: string;
  environment: string;
  /** Undefined for a host of a dns resource. */
  service?: string;
}

/** Reads `{service}.{environment}.{project}.{domain}` and `{…}.dns.{environment}.{project}.{domain}`. */
export function parseWorkloadHost(host: string, domain: string): WorkloadHost | undefined {
  if (!host.endsWith(`.${domain}`)) return undefined;
  const labels = host.slice(0, -domain.length - 1).split('.');
  const [project, environment, ...rest] = labels.reverse();
  if (project === undefined || environment === undefined || rest.length === 0) return undefined;
  return { project, environment, ...(rest.length === 1 && { service: rest[0] }) };
}
