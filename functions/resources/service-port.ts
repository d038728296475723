/** `service-port` and `service`: the address of another service of the environment. */
import * as z from 'zod';
import { deploymentKey, environmentKey } from '../core/keys.ts';
import type { Deployment, Environment } from '../core/model/index.ts';
import { NAME_PATTERN } from '../core/names.ts';
import type { Ports } from '../ports/index.ts';
import { instanceIn } from '../records/instances.ts';
import { withWorkload } from '../records/workloads.ts';
import { invalidResource, requireDefaultClass } from './owner.ts';
import { computed, type ResourceRequest, type ResourceType } from './type.ts';

const workload = z.string().regex(NAME_PATTERN, { error: 'must be the name of a service' });
const port = z.union([
  z.int().min(1).max(65_535),
  z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/),
]);
const params = z.strictObject({
  workload: workload.describe(
    'The name of the other service in the same environment. It has to be deployed already.',
  ),
  port: port.describe('A port of that service, by name or number.'),
});
const serviceParams = z.strictObject({
  workload: workload
    .optional()
    .describe(
      'The name of the other service, which has to be deployed already; that of the resource without it.',
    ),
  port: port.optional().describe('A port of that service, by name or number; its first one without it.'),
});

const hostname = { secret: false, summary: 'The host name.' };
const outputs = { hostname, port: { secret: false, summary: 'The port.' } };

interface Target {
  workload: string;
  /** The first one where absent. */
  port?: string | number | undefined;
}

async function addressOf(
  { store, workloads }: Ports,
  request: ResourceRequest,
  { workload: service, port: wanted }: Target,
): Promise<Record<'hostname' | 'port', string>> {
  const { project, environment } = request;
  const target = { project, environment, service };
  const there = await store.get<Environment>(environmentKey(target));
  const instance = there && instanceIn(there.data, service);
  const number = instance?.current ?? instance?.newest;
  const deployment =
    number === undefined ? undefined : await store.get<Deployment>(deploymentKey(target, number));
  if (deployment === undefined) {
    throw invalidResource(request, `the service ${service} is not deployed in ${environment}`, {
      hint: `Deploy ${service} to ${environment} first, then deploy ${request.service} again.`,
    });
  }
  const { workload: serving } = await withWorkload(store, deployment.data);
  const ports = serving.service?.ports ?? {};
  const [name, declared] =
    Object.entries(ports).find(
      ([name, { port }]) => wanted === undefined || name === wanted || String(port) === String(wanted),
    ) ?? [];
  if (name === undefined || declared === undefined) {
    const offered = Object.entries(ports).map(([name, { port }]) => `${name} (${port})`);
    throw invalidResource(
      request,
      `the service ${service} has no port${wanted === undefined ? '' : ` ${wanted}`}`,
      {
        hint:
          offered.length === 0
            ? `Declare a port under service.ports of ${service}.`
            : `Use one of its ports: ${offered.slice(0, 20).join(', ')}.`,
      },
    );
  }
  const { hostname, port } = await workloads.endpoint(target, {
    name,
    port: declared.port,
    targetPort: declared.targetPort ?? declared.port,
    protocol: declared.protocol ?? 'TCP',
  });
  return { hostname, port: String(port) };
}

export const servicePort: ResourceType = {
  ...computed,
  type: 'service-port',
  summary: 'Host name and port of another service in the same environment.',
  leaving: 'anew',
  outputs,
  params,
  async provision(ports, request) {
    requireDefaultClass(request);
    return { values: await addressOf(ports, request, params.parse(request.params)), secrets: {} };
  },
};

/** What community provisioners give by the name of the resource alone. */
export const service: ResourceType = {
  ...computed,
  type: 'service',
  summary: 'Another service in the same environment, by its name.',
  leaving: 'anew',
  outputs: { name: { ...hostname, summary: 'The same as hostname.' }, ...outputs },
  params: serviceParams,
  async provision(ports, request) {
    requireDefaultClass(request);
    const { workload = request.id.split('.').at(-1) ?? '', port } = serviceParams.parse(request.params);
    const address = await addressOf(ports, request, { workload, port });
    return { values: { name: address.hostname, ...address }, secrets: {} };
  },
};
