/** Samples what workloads use, and ends containers that use more memory than they may. */
import { instanceName } from '../../core/keys.ts';
import type { MetricSample } from '../../ports/workloads.ts';
import { listProcesses, type ProcessInfo, proportionalMemory } from '../system/marked-processes.ts';
import type { Container } from './container.ts';
import type { Context } from './context.ts';
import type { Instance } from './instance.ts';
import { formatBytes } from './programs/explain-exit.ts';

export interface Usage {
  read(key: string, sinceMs: number): MetricSample[];
  forget(key: string): void;
  close(): void;
}

const KEPT_MS = 3_600_000;
/** Memory limits are looked at more often than samples are kept. */
const LOOKS_PER_SAMPLE = 5;

function enforce(container: Container, processes: readonly ProcessInfo[]): void {
  const limit = container.spec.limits.memoryBytes;
  if (limit === undefined || processes.reduce((sum, info) => sum + info.memoryBytes, 0) <= limit) return;
  // Pages that a group's processes share were counted once each; the proportional size is right but slow to get.
  const used = processes.reduce(
    (sum, { pid, memoryBytes }) => sum + (proportionalMemory(pid) ?? memoryBytes),
    0,
  );
  if (used > limit)
    container.kill(`because it was out of memory: used ${formatBytes(used)} of ${formatBytes(limit)}`);
}

export function createUsage(context: Context, instances: () => Iterable<Instance>): Usage {
  const rings = new Map<string, MetricSample[]>();
  /** CPU seconds at the last sample, by process. */
  let before = new Map<string, number>();
  let sampledAt = performance.now();
  let look = 0;
  let busy = false;

  function sample(groups: ReadonlyMap<number, ProcessInfo[]>, sampling: boolean, seconds: number): void {
    const now = new Map<string, number>();
    const at = new Date(context.effects.now()).toISOString();
    for (const instance of instances()) {
      let cpu = 0;
      let memoryBytes = 0;
      let running = false;
      for (const deployment of instance.deployments) {
        for (const container of deployment.replicas.flatMap((replica) => replica.containers)) {
          const processes = (container.pid !== undefined && groups.get(container.pid)) || [];
          enforce(container, processes);
          running ||= processes.length > 0;
          for (const info of processes) {
            const id = `${info.pid}/${info.startedAt}`;
            now.set(id, info.cpuSeconds);
            cpu += Math.max(info.cpuSeconds - (before.get(id) ?? 0), 0) / seconds;
            memoryBytes += info.memoryBytes;
          }
        }
      }
      if (!sampling || !running) continue;
      const key = instanceName(instance.ref);
      const ring = rings.get(key) ?? [];
      ring.push({ at, cpu: Math.round(cpu * 1000) / 1000, memoryBytes });
      if (ring.length > KEPT_MS / context.timing.sampleMs) ring.shift();
      rings.set(key, ring);
    }
    if (sampling) before = now;
  }

  async function tick(): Promise<void> {
    const sampling = look++ % LOOKS_PER_SAMPLE === 0;
    const running = [...instances()].flatMap(({ deployments }) =>
      [...deployments].flatMap(({ replicas }) => replicas.flatMap(({ containers }) => [...containers])),
    );
    const limited = running.some(
      ({ pid, spec }) => pid !== undefined && spec.limits.memoryBytes !== undefined,
    );
    if (!(sampling ? running.some(({ pid }) => pid !== undefined) : limited)) return;
    const groups = Map.groupBy(await listProcesses(), (info) => info.group);
    const seconds = Math.max((performance.now() - sampledAt) / 1000, 0.001);
    if (sampling) sampledAt = performance.now();
    sample(groups, sampling, seconds);
  }

  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void tick().finally(() => {
      busy = false;
    });
  }, context.timing.sampleMs / LOOKS_PER_SAMPLE);
  timer.unref();

  return {
    read(key, sinceMs) {
      const since = new Date(sinceMs).toISOString();
      return (rings.get(key) ?? []).filter((entry) => entry.at >= since);
    },
    forget(key) {
      rings.delete(key);
    },
    close: () => clearInterval(timer),
  };
}
