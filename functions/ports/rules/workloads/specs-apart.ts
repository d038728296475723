/** Takes a workload apart into what runs by itself: its web, and each of its processes. */
import { processService } from '../../../core/names.ts';
import type { RepositoryRef } from '../../registry.ts';
import type { WorkloadSpec } from '../../workloads.ts';

/** Where the images of a workload are. */
export const repositoryOf = ({ project, service, processOf }: WorkloadSpec): RepositoryRef => ({
  project,
  service: processOf ?? service,
});

/** What an adapter gets: one for the web, and one for each process. */
export interface SpecsApart {
  web: WorkloadSpec;
  processes: Map<string, WorkloadSpec>;
}

/** Each process has a name of its own in the place, and neither ports nor routes. */
export function specsApart({ processes = {}, ...spec }: WorkloadSpec): SpecsApart {
  const isApart = (name: string): boolean => Object.hasOwn(processes, name);
  const { trial: _tried, reuse: _warm, affinity: _clients, ...common } = spec;
  return {
    web: { ...spec, containers: spec.containers.filter(({ name }) => !isApart(name)) },
    processes: new Map(
      spec.containers
        .filter(({ name }) => isApart(name))
        .map((container): [string, WorkloadSpec] => {
          const replicas = processes[container.name]?.replicas ?? 1;
          return [
            container.name,
            {
              ...common,
              service: processService(spec.service, container.name),
              processOf: spec.service,
              containers: [container],
              ports: [],
              routes: [],
              replicas,
              maxReplicas: replicas,
              // It would go on working.
              warmSeconds: 0,
              keepFailedSeconds: 0,
            },
          ];
        }),
    ),
  };
}
