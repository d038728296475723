/** `dns`: a host name in the environment, for routes. */
import * as z from 'zod';
import { isName } from '../core/names.ts';
import { requireDefaultClass, resourceLabel } from './owner.ts';
import type { ResourceRequest, ResourceType } from './type.ts';

/** A host shared by several workloads is named by the id they all give; else by the service it belongs to. */
export function dnsLabel(request: Pick<ResourceRequest, 'service' | 'workload' | 'id' | 'uid'>): string {
  const declared = Object.values(request.workload.resources ?? {});
  const shared = declared.some(({ type, id }) => type === 'dns' && id === request.id);
  if (!shared) return request.service;
  return isName(request.id) ? request.id : resourceLabel(request, 40);
}

export const dns: ResourceType = {
  type: 'dns',
  summary: 'A host name under which routes publish services.',
  outputs: { host: { secret: false, summary: 'The host name.' } },
  params: z.strictObject({}),
  owned: false,

  async provision({ workloads }, request) {
    requireDefaultClass(request);
    return { values: { host: workloads.host(request, dnsLabel(request)) }, secrets: {} };
  },
  deprovision: async () => undefined,
  inventory: async () => [],
};
