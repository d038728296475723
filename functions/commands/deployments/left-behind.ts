/** What stays with Berth when a service leaves it, and what to do about each. */
import type { Domain } from '../../core/domains/domain-record.ts';
import { DOMAIN_PREFIX, environmentPartition, JOB_PREFIX } from '../../core/keys.ts';
import type { DeploymentDetail, EnvironmentRef, Job } from '../../core/model/index.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import type { PlainImage } from '../../ports/manifests.ts';
import { BASE_LABEL, NO_BASE, RELEASE_LABEL } from '../../ports/registry.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';
import { readAll } from '../../records/read-all.ts';

/** Something that stays with Berth, and what to do about it. */
export interface LeftBehind {
  kind: 'image' | 'resource' | 'way-in' | 'command' | 'job' | 'domain';
  /** Whose it is: a service, or the uid of a resource. */
  of: string;
  what: string;
  todo: string;
}

/** @param isElsewhere the images are to be in another registry than Berth's */
export function leftOf(
  { service, ports, routes }: WorkloadSpec,
  { workload }: DeploymentDetail,
  images: readonly PlainImage[],
  isElsewhere: boolean,
): LeftBehind[] {
  const [image] = images;
  const tcp = ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port);
  const hosts = routes.map(({ host, path, port }) => `${host}${path} to port ${port}`);
  const command = workloadSettings(workload).releaseCommand?.join(' ') ?? image?.labels[RELEASE_LABEL];
  const of = service;
  return [
    ...images.flatMap(({ reference, labels }): LeftBehind[] => {
      if (labels[BASE_LABEL] === NO_BASE) {
        const todo = 'Build it with a Dockerfile, and name that image in the manifests.';
        return [
          {
            kind: 'image',
            of,
            what: `The image of ${service} has no operating system: no cluster runs it.`,
            todo,
          },
        ];
      }
      const todo = `Copy it there by its digest, such as with skopeo copy.`;
      return isElsewhere ? [{ kind: 'image', of, what: `The cluster pulls ${reference}.`, todo }] : [];
    }),
    ...(tcp.length === 0
      ? []
      : [
          {
            kind: 'way-in' as const,
            of,
            what: `Nothing leads to ${service} from outside${hosts.length === 0 ? '' : `; here it was ${hosts.join(', ')}`}.`,
            todo: `Lead an Ingress or an HTTPRoute of yours to its Service (port ${tcp.join(', ')}), and let its controller in by the NetworkPolicy of the service.`,
          },
        ]),
    ...(command === undefined
      ? []
      : [
          {
            kind: 'command' as const,
            of,
            what: `Berth runs "${command}" before each deployment of ${service}.`,
            todo: 'Run it as a Job before you change the image.',
          },
        ]),
  ];
}

export async function besideWorkloads(
  { store }: Ports,
  ref: EnvironmentRef,
  services: ReadonlySet<string>,
): Promise<LeftBehind[]> {
  const pk = environmentPartition(ref);
  const [jobs, domains] = await Promise.all([
    readAll<Job>(store, pk, JOB_PREFIX),
    readAll<Domain>(store, pk, DOMAIN_PREFIX),
  ]);
  const isIn = ({ data }: { data: { service: string } }): boolean => services.has(data.service);
  return [
    ...jobs.filter(isIn).map(({ data: { service, name, schedule } }): LeftBehind => {
      const what = `The job "${name}" of ${service} is run by Berth${schedule === undefined ? '' : `, at ${schedule}`}.`;
      return {
        kind: 'job',
        of: service,
        what,
        todo: 'Make it a CronJob with the pod of the service and its command.',
      };
    }),
    ...domains.filter(isIn).map(({ data: { service, name } }): LeftBehind => {
      const what = `The domain ${name} of ${service} is led here, with its certificate.`;
      return {
        kind: 'domain',
        of: service,
        what,
        todo: 'Lead it to your cluster, with a certificate there.',
      };
    }),
  ];
}
