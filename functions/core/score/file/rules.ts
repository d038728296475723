/** Rules that Score's schema can not express: how the parts of a workload fit together. */

import { dependencyOrder } from '../graph.ts';
import { readSettings } from '../settings.ts';
import type { ScoreContainer, ScoreWorkload } from '../workload.ts';
import type { Fault } from './score-faults.ts';

/** A container never waits for itself, for a container that does not exist, or for one that waits for it. */
function beforeFaults({ containers }: ScoreWorkload): Fault[] {
  const faults: Fault[] = [];
  for (const [name, { before }] of Object.entries(containers)) {
    for (const other of Object.keys(before ?? {})) {
      const path = ['containers', name, 'before', other];
      if (other === name) {
        faults.push({ path, message: 'names its own container', atKey: true });
      } else if (!Object.hasOwn(containers, other)) {
        const known = Object.keys(containers).slice(0, 20).join(', ');
        faults.push({
          path,
          message: `names a container that is not there; there are ${known}`,
          atKey: true,
        });
      }
    }
  }
  if (faults.length > 0) return faults;
  const ordered = dependencyOrder(Object.keys(containers), (name) =>
    Object.keys(containers[name]?.before ?? {}),
  );
  if ('order' in ordered) return [];
  const [first = '', second = ''] = ordered.cycle;
  const circle = ordered.cycle.slice(0, 20).join(' before ');
  return [
    { path: ['containers', first, 'before', second], message: `goes in a circle: ${circle}`, atKey: true },
  ];
}

/** A path holds one thing: not both a file and a volume, and nothing below a file. */
function mountFaults(name: string, { files = {}, volumes = {} }: ScoreContainer): Fault[] {
  const faults: Fault[] = [];
  for (const [key, mounts] of Object.entries({ files, volumes })) {
    for (const target of Object.keys(mounts)) {
      const path = ['containers', name, key, target];
      if (key === 'volumes' && Object.hasOwn(files, target)) {
        faults.push({ path, message: 'is the target of a file too', atKey: true });
      }
      for (let end = target.lastIndexOf('/'); end > 0; end = target.lastIndexOf('/', end - 1)) {
        if (!Object.hasOwn(files, target.slice(0, end))) continue;
        faults.push({ path, message: 'is below a target that is a file', atKey: true });
        break;
      }
    }
  }
  return faults;
}

/** Ports are told apart by number and protocol. */
function portFaults({ service }: ScoreWorkload): Fault[] {
  const used = new Set<string>();
  const faults: Fault[] = [];
  for (const [name, { port, protocol = 'TCP' }] of Object.entries(service?.ports ?? {})) {
    if (used.has(`${protocol} ${port}`)) {
      faults.push({ path: ['service', 'ports', name, 'port'], message: 'is the port of another entry too' });
    }
    used.add(`${protocol} ${port}`);
  }
  return faults;
}

/** Requests can only be shared where there are some. */
function shareFaults({ metadata, service }: ScoreWorkload): Fault[] {
  const { rollout } = readSettings(metadata.annotations).settings;
  if (!rollout || Object.keys(service?.ports ?? {}).length > 0) return [];
  const message =
    'ask for a version that is tried with requests, and this workload takes none: declare a port under service.ports';
  return [{ path: ['metadata', 'annotations'], message }];
}

/** Processes that run apart are containers of the file, and one is left beside them; none waits for what is elsewhere. */
function processFaults({ metadata, containers }: ScoreWorkload): Fault[] {
  const { processes = {} } = readSettings(metadata.annotations).settings;
  const isApart = (name: string): boolean => Object.hasOwn(processes, name);
  const path = ['metadata', 'annotations', 'berth.dev/processes'];
  const unknown = Object.keys(processes).filter((name) => !Object.hasOwn(containers, name));
  const faults: Fault[] = unknown.map((name) => ({
    path,
    message: `names ${name}, and there is no container of that name; there are ${Object.keys(containers).slice(0, 20).join(', ')}`,
  }));
  if (isApart('web'))
    faults.push({
      path,
      message: 'names web, which is what runs without it: set berth.dev/replicas for that',
    });
  if (Object.keys(containers).every(isApart))
    faults.push({
      path,
      message: 'names all containers: leave out the one that takes requests, or the most important one',
    });
  for (const [name, { before }] of Object.entries(containers))
    for (const other of Object.keys(before ?? {}))
      if (isApart(name) || isApart(other))
        faults.push({
          path: ['containers', name, 'before', other],
          message: 'can not be: a process of berth.dev/processes runs apart, and nothing waits for it',
          atKey: true,
        });
  return faults;
}

/** All that is wrong with a workload whose form is right. */
export const ruleFaults = (workload: ScoreWorkload): Fault[] => [
  ...readSettings(workload.metadata.annotations).faults,
  ...portFaults(workload),
  ...shareFaults(workload),
  ...processFaults(workload),
  ...Object.entries(workload.containers).flatMap(([name, container]) => mountFaults(name, container)),
  ...beforeFaults(workload),
];
