/** `service-port`: the address of another service of the environment. */
import * as z from 'zod';
import { deploymentKey, environmentKey } from '../core/keys.ts';
import type { Deployment, Environment } from '../core/model/index.ts';
import { NAME_PATTERN } from '../core/names.ts';
import { instanceIn } from '../records/instances.ts';
import { withWorkload } from '../records/workloads.ts';
import { invalidResource, requireDefaultClass } from './owner.ts';
import { computed, type ResourceType } from './type.ts';

const params = z.strictObject({
  workload: z
    .string()
    .regex(NAME_PATTERN, { error: 'must be the name of a service' })
    .describe('The name of the other service in the same environment. It has to be deployed already.'),
  port: z
    .union([z.int().min(1).max(65_535), z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/)])
    .describe('A port of that service, by name or number.'),
});

export const servicePort: ResourceType = {
  ...computed,
  type: 'service-port',
  summary: 'Host name and port of another service in the same environment.',
  outputs: {
    hostname: { secret: false, summary: 'The host name.' },
    port: { secret: false, summary: 'The port.' },
  },
  params,

  async provision({ store, workloads }, request) {
    requireDefaultClass(request);
    const { workload: service, port: wanted } = params.parse(request.params);
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
      Object.entries(ports).find(([name, { port }]) => name === wanted || String(port) === String(wanted)) ??
      [];
    if (name === undefined || declared === undefined) {
      const offered = Object.entries(ports).map(([name, { port }]) => `${name} (${port})`);
      throw invalidResource(request, `the service ${service} has no port ${wanted}`, {
        hint:
          offered.length === 0
            ? `Declare a port under service.ports of ${service}.`
            : `Use one of its ports: ${offered.slice(0, 20).join(', ')}.`,
      });
    }
    const { hostname, port } = await workloads.endpoint(target, {
      name,
      port: declared.port,
      targetPort: declared.targetPort ?? declared.port,
      protocol: declared.protocol ?? 'TCP',
    });
    return { values: { hostname, port: String(port) }, secrets: {} };
  },
};
