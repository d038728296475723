/** The Workloads adapter of one machine, with images that are directories. */
import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createProcessWorkloads,
  type ProcessWorkloadsOptions,
} from '../../../functions/adapters/processes/workloads.ts';
import { createTraffic, type RoutedTraffic } from '../../../functions/adapters/router/traffic.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { LogLine, Logs } from '../../../functions/ports/logs.ts';
import type { ImageConfig } from '../../../functions/ports/registry.ts';
import type { Workloads } from '../../../functions/ports/workloads.ts';

export interface LocalSubject {
  workloads: Workloads;
  traffic: RoutedTraffic;
  image(source: string, config?: Partial<ImageConfig>): Promise<string>;
  logs(instance: InstanceRef): LogLine[];
  /** How often an image was unpacked. */
  unpacked(): number;
  close(): Promise<void>;
}

/** @param directory shared by two lives of one Berth; so is the id */
export async function makeLocalSubject(
  directory: string,
  instanceId = `test-${randomUUID()}`,
  timing: ProcessWorkloadsOptions['timing'] = {},
): Promise<LocalSubject> {
  const lines = new Map<string, LogLine[]>();
  const images = new Map<string, { path: string; config: ImageConfig }>();
  const logs: Logs = {
    append(stream, line) {
      lines.set(stream, [...(lines.get(stream) ?? []).slice(-500), line]);
    },
    read: async () => [],
    page: async () => ({ lines: [] }),
    async *follow() {},
    close: async () => undefined,
  };
  let unpacked = 0;
  const traffic = createTraffic({ baseHost: () => 'localhost:4600' });
  const workloads = await createProcessWorkloads({
    directory: join(directory, 'workloads'),
    instanceId,
    traffic,
    logs,
    effects: createEffects(),
    async unpackImage(_, digest, target) {
      unpacked++;
      const image = images.get(digest);
      if (!image)
        throw new Problem('image_unavailable', 'The image can not be had: it is not there.', {
          hint: 'Push it.',
        });
      await cp(image.path, target, { recursive: true });
      return image.config;
    },
    timing: { livenessMs: 40, readinessMs: 40, settleMs: 150, sampleMs: 200, backoffMs: 30, ...timing },
  });
  return {
    workloads,
    traffic,
    async image(source, config = {}) {
      const digest = `sha256:${createHash('sha256')
        .update(source + JSON.stringify(config))
        .digest('hex')}`;
      const path = join(directory, 'images', digest.slice(7));
      await mkdir(join(path, 'app'), { recursive: true });
      await writeFile(join(path, 'app/main.mjs'), source);
      images.set(digest, {
        path,
        config: {
          entrypoint: ['node'],
          cmd: ['main.mjs'],
          env: {},
          workingDir: '/app',
          labels: {},
          ...config,
        },
      });
      return digest;
    },
    logs: (instance) => lines.get(`${instance.project}/${instance.environment}/${instance.service}`) ?? [],
    unpacked: () => unpacked,
    close: () => workloads.close(),
  };
}
