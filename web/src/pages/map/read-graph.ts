/** All that a map of an environment is drawn of. */
import { useMemo, useRef } from 'react';
import type { Environment, Job } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { apiPath, useDomains, useOverview, useResources } from '../../api/read.ts';
import { useNow } from '../../components/time.tsx';
import { useEnvironmentCost } from '../costs/read-costs.ts';
import { type Graph, graphOf } from './environment-graph.ts';

const SERVICE = '/v1/projects/{project}/environments/{environment}/services/{service}';

/** Figures and jobs are read a service at a time: of so many. */
const SERVICES_MAX = 20;
/** Rates are those of the last five minutes, and read again this often. */
const WINDOW = '5m';
const WINDOW_SECONDS = 300;
const RATES_MS = 30_000;

interface InEnvironment {
  project: string;
  environment: string;
}

/** @returns the graph, undefined until it is known what is deployed */
export function useGraph(place: InEnvironment, environment: Environment | undefined): Graph | undefined {
  const { data: overview } = useOverview(place.project);
  const { data: resources } = useResources(place);
  const { data: domains } = useDomains(place);
  const { data: cost } = useEnvironmentCost(place);
  const instances = useMemo(
    () => overview?.instances.filter((one) => one.environment === place.environment),
    [overview, place.environment],
  );
  const services = instances?.map(({ service }) => service).slice(0, SERVICES_MAX) ?? [];
  const isAsleep = environment !== undefined && ['hibernated', 'expired'].includes(environment.state);
  const jobs = useJobs(place, services);
  const rates = useRates(place, isAsleep ? [] : services);
  return useMemo(
    () =>
      instances &&
      graphOf({
        instances,
        resources: resources ?? [],
        domains: domains ?? [],
        jobs: new Map(jobs),
        rates: new Map(rates),
        cost,
        isAsleep,
      }),
    [instances, resources, domains, jobs, rates, cost, isAsleep],
  );
}

type ByService<T> = [service: string, value: T][];

/** One answer for each service that could be asked: what is not known of one is left out. */
async function each<T>(
  services: readonly string[],
  read: (service: string) => Promise<T>,
): Promise<ByService<T>> {
  const answers = await Promise.allSettled(services.map(read));
  return answers.flatMap((answer, at) =>
    answer.status === 'fulfilled' ? [[services[at]!, answer.value] as [string, T]] : [],
  );
}

function useJobs(place: InEnvironment, services: readonly string[]): ByService<Job[]> | undefined {
  return useQuery(
    services.length === 0 ? undefined : `${apiPath(place)}/jobs-of/${services.join()}`,
    (signal) =>
      each(services, async (service) => {
        const params = { path: { ...place, service } };
        return (await body(api.GET(`${SERVICE}/jobs`, { params, signal }))).items;
      }),
    { isStill: true },
  ).data;
}

function useRates(place: InEnvironment, services: readonly string[]): ByService<number> | undefined {
  const slot = Math.floor(useNow() / RATES_MS);
  const { data } = useQuery(
    services.length === 0 ? undefined : `${apiPath(place)}/rates-of/${services.join()}?${slot}`,
    (signal) =>
      each(services, async (service) => {
        const params = { path: { ...place, service }, query: { window: WINDOW } };
        const { totals } = await body(api.GET(`${SERVICE}/metrics`, { params, signal }));
        return totals.requests / WINDOW_SECONDS;
      }),
    { isStill: true },
  );
  // Those of before stay on show until the next ones are there.
  const last = useRef(data);
  if (data) last.current = data;
  return services.length === 0 ? undefined : last.current;
}
