/** Writes the Score file of a service, and looks at it as a build will. */
import { stringify } from 'yaml';
import { Problem } from '../problem.ts';
import { parseScore } from '../score/file/parse.ts';
import { references } from '../score/references.ts';
import type { ContainerDraft, Draft, ServiceDraft } from './draft.ts';

const isFull = (value: object): boolean => Object.keys(value).length > 0;

function containerOf({ command, args, variables, files, volumes, cpu, memory, readiness }: ContainerDraft) {
  const compute = { ...(memory !== undefined && { memory }), ...(cpu !== undefined && { cpu }) };
  return {
    image: '.',
    ...(command && { command }),
    ...(args && { args }),
    ...(isFull(variables) && { variables }),
    ...(isFull(files) && { files }),
    ...(isFull(volumes) && { volumes }),
    ...(isFull(compute) && { resources: { limits: compute } }),
    ...(readiness && { readinessProbe: readiness }),
  };
}

/** The text; what a build would refuse is said in `left`. */
export function writeScore(draft: Draft, service: ServiceDraft): string {
  const { name, annotations, ports, containers, resources } = service;
  const workload = {
    apiVersion: 'score.dev/v1b1',
    metadata: { name, ...(isFull(annotations) && { annotations }) },
    ...(ports.length > 0 && {
      service: { ports: Object.fromEntries(ports.map(({ name: port, ...rest }) => [port, rest])) },
    }),
    containers: Object.fromEntries(
      Object.entries(containers).map(([key, container]) => [key, containerOf(container)]),
    ),
    ...(isFull(resources) && { resources }),
  };
  const text = stringify(workload, { lineWidth: 0, aliasDuplicateObjects: false });
  try {
    references(parseScore(text));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    draft.say('edit', name, error.message, error.hint);
  }
  return text;
}

/** Each service after those that it names. */
export function inOrder(draft: Draft): ServiceDraft[] {
  const byName = new Map(draft.services.map((service) => [service.name, service]));
  const done = new Set<ServiceDraft>();
  const under = new Set<ServiceDraft>();
  const visit = (service: ServiceDraft): void => {
    if (done.has(service)) return;
    if (under.has(service)) {
      const then =
        'The first of them can not be deployed while the other is not there: take one of the two references out until both are.';
      draft.say('edit', service.name, 'Services name each other in a circle.', then);
      return;
    }
    under.add(service);
    for (const name of service.needs) {
      const needed = byName.get(name);
      if (needed && needed !== service) visit(needed);
    }
    under.delete(service);
    done.add(service);
  };
  for (const service of draft.services) visit(service);
  return [...done];
}
