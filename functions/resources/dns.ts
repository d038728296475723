/** `dns`: a host name in the environment, for routes. */
import * as z from 'zod';
import { isName } from '../core/names.ts';
import { resourceIdentity } from '../core/score/resource-identity.ts';
import { requireDefaultClass, resourceLabel } from './owner.ts';
import { publicAddress } from './public-address.ts';
import { computed, type ResourceRequest, type ResourceType } from './type.ts';

/**
 * A host that several workloads share is named by the id that they all give; any other host by the service that it
 * belongs to.
 */
function dnsLabel(request: Pick<ResourceRequest, 'service' | 'workload' | 'id' | 'uid'>): string {
  const declared = Object.values(request.workload.resources ?? {});
  const shared = declared.some(({ type, id }) => type === dns.type && id === request.id);
  if (!shared) return request.service;
  return isName(request.id) ? request.id : resourceLabel(request, 40);
}

/** The labels of the hosts that the workload's own resources of this type have. */
export function dnsLabels(request: Pick<ResourceRequest, 'service' | 'workload'>): string[] {
  const { metadata, resources = {} } = request.workload;
  return Object.entries(resources)
    .filter(([, { type }]) => type === dns.type)
    .map(([name, declared]) => dnsLabel({ ...request, ...resourceIdentity(metadata.name, name, declared) }));
}

export const dns: ResourceType = {
  ...computed,
  type: 'dns',
  summary: 'A host name under which routes publish services.',
  leaving: {
    todo: 'The host is one of this Berth: write one of yours where the manifests have it, and lead that to the service.',
  },
  outputs: {
    host: { secret: false, summary: 'The host name.' },
    url: { secret: false, summary: 'The URL that people use: scheme, host and port.' },
    scheme: { secret: false, summary: '`http` or `https`.' },
    port: { secret: false, summary: 'The port of the URL.' },
  },
  params: z.strictObject({}),

  async provision({ workloads }, request) {
    requireDefaultClass(request);
    const host = await workloads.host(request, dnsLabel(request));
    return { values: { host, ...(await publicAddress(workloads, request, host)) }, secrets: {} };
  },
};
