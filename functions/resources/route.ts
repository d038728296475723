/** `route`: requests to a host and path prefix go to a port of the service. */
import * as z from 'zod';
import { isName, NAME_MAX } from '../core/names.ts';
import type { Workloads } from '../ports/workloads.ts';
import { dnsLabels } from './dns.ts';
import { invalidResource, requireDefaultClass } from './owner.ts';
import { publicAddress } from './public-address.ts';
import { computed, type ResourceRequest, type ResourceType } from './type.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})*(?::[1-9][0-9]{0,4})?$`);
/** Only characters that every proxy, pattern and configuration file takes literally. */
const PATH = /^\/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?)?$/;
const PORT = /^[1-9][0-9]{0,4}$/;

const params = z.strictObject({
  host: z
    .string()
    .max(253)
    .regex(HOST, { error: 'must be a host name in lower case, without wildcard' })
    .describe(
      'The host, in lower case: that of a `dns` resource, `${resources.dns.host}`, or of this environment.',
    ),
  path: z
    .string()
    .max(255)
    .regex(PATH, {
      error: 'must start with a slash and hold only letters, digits, hyphens, dots, underscores and tildes',
    })
    .describe('A prefix that starts with `/`. It matches whole segments, and stays in the path.'),
  // A placeholder's value is text.
  port: z
    .union([z.int().min(1).max(65_535), z.string().regex(PORT).transform(Number)])
    .describe('The `port` of an entry of `service.ports`.'),
});

/**
 * Tells whether a dns resource of this environment can have given the host. Only whole hosts are compared, never
 * endings: each label that the host could begin with is turned into its host and compared.
 */
async function isOurs(workloads: Workloads, request: ResourceRequest, host: string): Promise<boolean> {
  const labels = new Set([request.service, ...dnsLabels(request)]);
  // The dns resource may be in another workload's file, but its label stands at the start of the host.
  for (let length = 1; length <= Math.min(host.length, NAME_MAX); length++) {
    const label = host.slice(0, length);
    if (isName(label)) labels.add(label);
  }
  const hosts = await Promise.all([...labels].map((label) => workloads.host(request, label)));
  return hosts.includes(host);
}

function requirePort(request: Pick<ResourceRequest, 'uid' | 'workload'>, port: number): void {
  const ports = Object.values(request.workload.service?.ports ?? {}).map((declared) => declared.port);
  if (ports.includes(port)) return;
  throw invalidResource(request, `the service has no port ${port}`, {
    hint:
      ports.length === 0
        ? 'Declare the port under service.ports.'
        : `Use a port of service.ports: ${ports.join(', ')}.`,
  });
}

export const route: ResourceType = {
  ...computed,
  type: 'route',
  summary: 'Sends requests for a host and a path prefix to a port of the service.',
  leaving: 'written',
  outputs: {
    host: { secret: false, summary: 'The host.' },
    path: { secret: false, summary: 'The path prefix.' },
    port: { secret: false, summary: 'The service’s port; that of the URL is an output of `dns`.' },
    url: { secret: false, summary: 'The URL that people use, with the path prefix.' },
    scheme: { secret: false, summary: '`http` or `https`.' },
  },
  params,

  async provision({ workloads }, request) {
    requireDefaultClass(request);
    const { host, path, port } = params.parse(request.params);
    requirePort(request, port);
    if (!(await isOurs(workloads, request, host))) {
      throw invalidResource(request, `the host ${host} does not belong to this environment`, {
        hint: 'Declare a resource of type dns and use its output, as in ${resources.dns.host}.',
      });
    }
    const { url, scheme } = await publicAddress(workloads, request, host);
    return { values: { host, path, port: String(port), url: url + path, scheme }, secrets: {} };
  },
  checkWorkload(request) {
    const { port } = request.params;
    if (PORT.test(String(port))) requirePort(request, Number(port));
  },
  route: ({ host = '', path = '/', port }) => ({ host, path, port: Number(port) }),
};
