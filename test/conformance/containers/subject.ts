/** The Workloads adapter of one machine over a real engine and a real registry. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Containers, createContainers } from '../../../functions/adapters/containers/containers.ts';
import { findEngine } from '../../../functions/adapters/containers/find-engine.ts';
import { createOciLayout } from '../../../functions/adapters/local/registry/registry.ts';
import { tarOf } from '../../../functions/adapters/local/registry/tree.ts';
import { createProcessWorkloads } from '../../../functions/adapters/processes/workloads.ts';
import { createTraffic } from '../../../functions/adapters/router/traffic.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import type { LogLine, Logs } from '../../../functions/ports/logs.ts';
import { BASE_LABEL, OWN_BASE } from '../../../functions/ports/registry.ts';
import type { WorkloadsSubject } from '../../contracts/workloads/workloads-bench.ts';
import { BASE_IMAGE, type TestPodman, writeFiles } from '../support/containers/podman.ts';

export interface ContainersSubject extends WorkloadsSubject {
  containers: Containers;
  instanceId: string;
}

/** @param directory shared by two lives of one Berth; so is the id */
export async function makeContainersSubject(
  podman: TestPodman,
  directory: string,
  options: { instanceId?: string; sharedPorts?: number[] } = {},
): Promise<ContainersSubject> {
  const { instanceId = randomUUID().slice(0, 8) } = options;
  const lines = new Map<string, LogLine[]>();
  const logs: Logs = {
    append(stream, line) {
      lines.set(stream, [...(lines.get(stream) ?? []).slice(-500), line]);
    },
    read: async () => [],
    page: async () => ({ lines: [] }),
    async *follow() {},
    close: async () => undefined,
  };
  const registry = await createOciLayout({ directory: join(directory, 'registry') });
  const containers = createContainers({
    instanceId,
    registry,
    archive: registry.archive,
    find: () => findEngine(podman.host),
    sharedPorts: async () => options.sharedPorts ?? [],
  });
  const workloads = await createProcessWorkloads({
    directory: join(directory, 'workloads'),
    instanceId,
    traffic: createTraffic({ baseHost: () => 'localhost:4600' }),
    logs,
    effects: createEffects(),
    unpackImage: registry.unpack,
    containers,
    timing: { livenessMs: 200, readinessMs: 200, settleMs: 1500, sampleMs: 500, backoffMs: 30 },
  });
  let count = 0;
  return {
    workloads,
    containers,
    instanceId,
    async image(source) {
      const folder = await writeFiles(join(directory, `source-${count++}`), {
        'app/main.mjs': source,
        Dockerfile: `FROM ${BASE_IMAGE}\nCOPY app /app\nWORKDIR /app\nENTRYPOINT ["node"]\nCMD ["main.mjs"]\n`,
      });
      const build = {
        context: () =>
          tarOf(
            ['app', 'Dockerfile'].map((to) => ({ from: join(folder, to), to })),
            () => undefined,
          ),
        dockerfile: 'Dockerfile',
        args: {},
        bases: [],
        registries: [],
        secrets: {},
        scratch: folder,
        log: () => undefined,
        signal: new AbortController().signal,
      };
      const labels = { [BASE_LABEL]: OWN_BASE };
      const { digest } = await containers.dockerfiles.build(build, (archive) =>
        registry.takeArchive({ project: 'demo', service: 'web' }, archive, { labels }),
      );
      return digest;
    },
    logs: (instance) => lines.get(`${instance.project}/${instance.environment}/${instance.service}`) ?? [],
    close: () => workloads.close(),
  };
}
