/** Reads the output of workloads from the cluster, which keeps it; all other streams are where Berth writes them. */
import type { LogStream, Logs } from '../../ports/logs.ts';

/** `project/environment/service`; an operation's stream has two parts. */
const isOfWorkload = (stream: LogStream): boolean =>
  stream.split('/').length === 3 && !stream.startsWith('operations/');

/** @param load makes the Logs that know the cluster; called at the first read of a workload's stream */
export function withWorkloadLogs(rest: Logs, load: () => Promise<Logs>): Logs {
  const of = async (stream: LogStream): Promise<Logs> => (isOfWorkload(stream) ? load() : rest);
  return {
    ...rest,
    read: async (stream, options) => (await of(stream)).read(stream, options),
    page: async (stream, query) => (await of(stream)).page(stream, query),
    async *follow(stream, options) {
      yield* (await of(stream)).follow(stream, options);
    },
  };
}
