/** Samples what workloads use, and ends containers that use more memory than they may. */
import { instanceName } from '../../core/keys.ts';
import type { MetricSample } from '../../ports/workloads.ts';
import type { Usage as EngineUsage } from '../containers/run-container.ts';
import { listProcesses, type ProcessInfo, proportionalMemory } from '../system/marked-processes.ts';
import { thinned } from '../system/thin-samples.ts';
import type { Container } from './container.ts';
import type { Context } from './context.ts';
import type { Instance } from './instance.ts';
import { formatBytes } from './programs/explain-exit.ts';

export interface Usage {
  read(key: string, sinceMs: number): MetricSample[];
  forget(key: string): void;
  close(): void;
}

/** Memory limits are looked at more often than samples are kept. */
const LOOKS_PER_SAMPLE = 5;
/** To thin goes through all samples that are kept, which is too much for each new one. */
const SAMPLES_PER_THINNING = 30;

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
  let samplings = 0;
  let busy = false;

  /** What containers of the engine use; the engine keeps their limits itself. */
  async function askEngine(running: readonly Container[]): Promise<Map<Container, EngineUsage>> {
    const found = await Promise.all(
      running.map(async (container) => [container, await container.usage()] as const),
    );
    return new Map(found.flatMap(([container, used]) => (used ? [[container, used]] : [])));
  }

  function sample(
    groups: ReadonlyMap<number, ProcessInfo[]>,
    engine: ReadonlyMap<Container, EngineUsage>,
    sampling: boolean,
    seconds: number,
  ): void {
    const now = new Map<string, number>();
    const rate = (id: string, used: number): number => {
      now.set(id, used);
      return Math.max(used - (before.get(id) ?? 0), 0) / seconds;
    };
    const at = new Date(context.effects.now()).toISOString();
    const isThinning = sampling && ++samplings % SAMPLES_PER_THINNING === 0;
    for (const instance of instances()) {
      let cpu = 0;
      let memoryBytes = 0;
      let running = false;
      for (const deployment of instance.deployments) {
        for (const container of deployment.replicas.flatMap((replica) => replica.containers)) {
          const processes = (container.pid !== undefined && groups.get(container.pid)) || [];
          enforce(container, processes);
          const enclosed = engine.get(container);
          running ||= processes.length > 0 || enclosed !== undefined;
          if (enclosed) {
            cpu += rate(enclosed.id, enclosed.cpuSeconds);
            memoryBytes += enclosed.memoryBytes;
          }
          for (const info of processes) {
            cpu += rate(`${info.pid}/${info.startedAt}`, info.cpuSeconds);
            memoryBytes += info.memoryBytes;
          }
        }
      }
      if (!sampling || !running) continue;
      const key = instanceName(instance.ref);
      const ring = rings.get(key) ?? [];
      ring.push({ at, cpu: Math.round(cpu * 1000) / 1000, memoryBytes });
      rings.set(key, isThinning ? thinned(ring) : ring);
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
    const engine = sampling ? await askEngine(running) : new Map<Container, EngineUsage>();
    const isAny = engine.size > 0 || running.some(({ pid }) => pid !== undefined);
    if (!(sampling ? isAny : limited)) return;
    const groups = Map.groupBy(await listProcesses(), (info) => info.group);
    const seconds = Math.max((performance.now() - sampledAt) / 1000, 0.001);
    if (sampling) sampledAt = performance.now();
    sample(groups, engine, sampling, seconds);
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
