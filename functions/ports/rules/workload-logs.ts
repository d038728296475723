/** The output of workloads is read where they run; all other streams are where Berth writes them. */
import type { InstanceRef } from '../../core/model/index.ts';
import { isName } from '../../core/names.ts';
import type { LogStream, Logs } from '../logs.ts';

/** The stream of an instance is `project/environment/service`; an operation's is another. */
export function instanceOfStream(stream: LogStream): InstanceRef | undefined {
  const [project = '', environment = '', service = '', ...more] = stream.split('/');
  if (more.length > 0 || project === 'operations') return undefined;
  return [project, environment, service].every(isName) ? { project, environment, service } : undefined;
}

/**
 * What reads on knows the other streams alone, and is left out.
 * @param of the Logs of the place where an instance runs; asked at each call that is for one
 */
export function withWorkloadLogs(
  { reading: _, ...rest }: Logs,
  of: (instance: InstanceRef) => Promise<Logs>,
): Logs {
  const logsOf = async (stream: LogStream): Promise<Logs> => {
    const instance = instanceOfStream(stream);
    return instance ? of(instance) : rest;
  };
  return {
    ...rest,
    read: async (stream, options) => (await logsOf(stream)).read(stream, options),
    page: async (stream, query) => (await logsOf(stream)).page(stream, query),
    async *follow(stream, options) {
      yield* (await logsOf(stream)).follow(stream, options);
    },
  };
}
