/** Where workloads run: the installation's own place, and clusters that it can be cut off from. */
import type { InPlace } from '../../../functions/adapters/placement/by-place.ts';
import { instanceName } from '../../../functions/core/keys.ts';
import {
  type EnvironmentRef,
  HOME,
  type InstanceRef,
  type Place,
} from '../../../functions/core/model/index.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import type { World } from '../world.ts';
import { createSimulatedLogs, type SimulatedLogs } from './logs.ts';
import { createSimulatedActivity, type SimulatedActivity } from './small.ts';
import { createSimulatedWorkloads, type SimulatedWorkloads, type WorkloadsAround } from './workloads.ts';

interface SimulatedPlace extends InPlace {
  workloads: SimulatedWorkloads;
  activity: SimulatedActivity;
  logs: SimulatedLogs;
}

export interface SimulatedPlaces {
  home: InPlace;
  open(place: Place): Promise<InPlace>;
  /** All that receive traffic, wherever that is. */
  serving(): WorkloadSpec[];
  /** How many replicas run of a service, in all places. */
  replicas(instance: InstanceRef): number;
  /** What was made for environments, as `project/environment`, by place. */
  environments(): { place: string; name: string; id: string | undefined }[];
  /** A request comes for an environment, at its place; what serves there prints it. */
  touch(ref: EnvironmentRef): void;
  /** When requests came for an environment, epoch milliseconds, wherever it was then. */
  touches(project: string, environment: string): number[];
  /** All output that is kept. */
  lines(): LogLine[];
  /** What Berth itself keeps: of the installation's own place, and of operations. */
  homeLogs: SimulatedLogs;
}

/** @param placeOf the name of the place that an environment is in */
export function createSimulatedPlaces(
  world: World,
  clusters: readonly string[],
  around: Omit<WorkloadsAround, 'logs' | 'place'>,
  placeOf: (ref: EnvironmentRef) => string,
): SimulatedPlaces {
  function create(name?: string): SimulatedPlace {
    // On AWS, as in clusters, others keep the output.
    const logs = createSimulatedLogs({ reading: name === undefined && !world.pauses });
    const at = { ...around, logs, ...(name !== undefined && { place: name }) };
    return {
      logs,
      activity: createSimulatedActivity(world, name),
      workloads: createSimulatedWorkloads(world, at),
    };
  }
  let requests = 0;
  const home = create();
  const all = new Map([[HOME, home], ...clusters.map((name) => [name, create(name)] as const)]);
  const places = [...all.values()];
  return {
    home,
    async open({ cluster }) {
      const access = cluster?.access;
      const found = access?.kind === 'kubeconfig' ? all.get(access.context) : undefined;
      if (!found) throw new Error(`There is no cluster ${JSON.stringify(access)}`);
      return found;
    },
    serving: () => places.flatMap(({ workloads }) => workloads.serving()),
    replicas: (ref) => places.reduce((sum, { workloads }) => sum + workloads.replicas(ref), 0),
    environments: () =>
      [...all].flatMap(([place, { workloads }]) => workloads.owners().map((made) => ({ place, ...made }))),
    touch({ project, environment }) {
      const place = all.get(placeOf({ project, environment }));
      place?.activity.touch(project, environment);
      const at = new Date(world.effects.now()).toISOString();
      for (const spec of place?.workloads.serving() ?? [])
        if (spec.project === project && spec.environment === environment)
          place?.logs.append(instanceName(spec), { at, message: `GET /${++requests}`, source: 'stdout' });
    },
    touches: (project, environment) =>
      places.flatMap(({ activity }) => activity.touches(project, environment)).sort((a, b) => a - b),
    homeLogs: home.logs,
    lines: () => places.flatMap(({ logs }) => logs.lines()),
  };
}
