/** What the streams of a project's output are of. */

import type { DrainLine } from '../core/drains/drain-line.ts';
import { environmentKey, operationKey } from '../core/keys.ts';
import type { Environment, Operation } from '../core/model/index.ts';
import { processService } from '../core/names.ts';
import type { LogStream } from '../ports/logs.ts';
import { instanceOfStream } from '../ports/rules/workload-logs.ts';
import type { Store } from '../ports/store.ts';
import { processNames } from '../records/instances.ts';

export type Label = Pick<DrainLine, 'project' | 'environment' | 'service' | 'process' | 'operation'>;

/** So many are remembered. */
const KEPT = 10_000;
const OPERATIONS = 'operations/';

export interface Labels {
  /** Undefined for a stream that is of no project. */
  of(stream: LogStream): Promise<Label | undefined>;
}

export function createLabels(store: Store): Labels {
  const known = new Map<LogStream, Label>();

  async function ofOperation(id: string): Promise<Label | undefined> {
    const operation = (await store.get<Operation>(operationKey(id)))?.data;
    if (!operation) return undefined;
    const { project, environment, service } = operation;
    return {
      project,
      ...(environment !== undefined && { environment }),
      ...(service !== undefined && { service }),
      operation: id,
    };
  }

  return {
    async of(stream) {
      const present = known.get(stream);
      if (present) return present;
      const remember = (label: Label | undefined): Label | undefined => {
        if (known.size >= KEPT) known.clear();
        if (label) known.set(stream, label);
        return label;
      };
      if (stream.startsWith(OPERATIONS)) return remember(await ofOperation(stream.slice(OPERATIONS.length)));
      const ref = instanceOfStream(stream);
      if (!ref) return undefined;
      const { project, environment, service: name } = ref;
      const found = (await store.get<Environment>(environmentKey(ref)))?.data;
      const label = { project, environment, service: name, process: 'web' };
      if (!found) return label;
      for (const [service, names] of Object.entries(processNames(found)))
        for (const process of names)
          if (processService(service, process) === name) return remember({ ...label, service, process });
      // A process may be known a moment later than its first line.
      return Object.hasOwn(found.services, name) ? remember(label) : label;
    },
  };
}
