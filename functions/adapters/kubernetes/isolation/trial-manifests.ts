/** The pods that try the network, in two namespaces that are made as those of environments are. */
import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import { restrictedContainer } from '../manifests/container-manifest.ts';
import { renderEnvironment } from '../manifests/environment-manifests.ts';
import type { JobObject, KubernetesObject } from '../manifests/objects.ts';
import type { RenderOptions } from '../manifests/options.ts';

/** Of pods and Jobs: the trial that they are of. */
export const TRIAL_LABEL = 'berth.dev/trial';
const PART_LABEL = 'berth.dev/part';

export const PORT = 8080;
export const SERVICE = 'target';
/** Policies take a moment until they are in force for a new pod: it tries nothing before, seconds. */
const SETTLING_SECONDS = 20;
/** However badly a trial goes, nothing of it runs for longer, seconds. */
export const LONGEST_SECONDS = 540;
/** No user of the image's: the one that the gateway runs as. */
const USER = 65_532;

/** Where a trial is. No environment's namespace has a name of two parts. */
export const trialNamespaces = ({ namespacePrefix: prefix }: Pick<RenderOptions, 'namespacePrefix'>) => ({
  home: `${prefix}-neighbours`,
  abroad: `${prefix}-strangers`,
});

/** Both namespaces with all that an environment's has, and the way to the pod that is to be reached from one of them. */
export function renderPlaces(trial: string, options: RenderOptions): KubernetesObject[] {
  const names = trialNamespaces(options);
  const place = (environment: keyof typeof names): KubernetesObject[] =>
    // No project has a name with a dot.
    renderEnvironment({ project: 'berth.isolation', environment }, trial, options, names[environment]);
  const metadata = { name: SERVICE, namespace: names.home };
  const ports = [{ port: PORT, protocol: 'TCP' as const }];
  return [
    ...place('home'),
    ...place('abroad'),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: { [PART_LABEL]: SERVICE } },
        policyTypes: ['Ingress'],
        ingress: [{ _from: [{ podSelector: {} }], ports }],
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { [PART_LABEL]: SERVICE }, ports } },
  ];
}

const container = (name: string, image: string, args: string[]): V1Container => ({
  name,
  image,
  args,
  imagePullPolicy: 'IfNotPresent',
  terminationMessagePolicy: 'FallbackToLogsOnError',
  resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '256Mi' } },
  securityContext: { ...restrictedContainer, readOnlyRootFilesystem: true },
});

/** Traefik answers at /ping, */
const server = (name: string, image: string): V1Container =>
  container(name, image, [
    '--ping=true',
    `--entrypoints.traefik.address=:${PORT}`,
    '--global.checknewversion=false',
    '--global.sendanonymoususage=false',
  ]);

/** and asks for it once, within five seconds, at any address. */
const caller = (name: string, image: string, address: string): V1Container =>
  container(name, image, ['healthcheck', '--ping=true', `--entrypoints.traefik.address=${address}`]);

const ping = { httpGet: { path: '/ping', port: PORT } };

/** What goes first, and is over when the rest has ended. */
const settling = (image: string): V1Container => ({
  ...server('settle', image),
  restartPolicy: 'Always',
  startupProbe: { ...ping, initialDelaySeconds: SETTLING_SECONDS, periodSeconds: 2, failureThreshold: 60 },
});

interface TrialJob {
  trial: string;
  name: string;
  namespace: string;
}

function job({ trial, name, namespace }: TrialJob, pod: Pick<V1PodSpec, 'containers' | 'initContainers'>) {
  const labels = { [TRIAL_LABEL]: trial, [PART_LABEL]: name };
  const rendered: JobObject = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `${name}-${trial}`, namespace, labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: LONGEST_SECONDS,
      ttlSecondsAfterFinished: LONGEST_SECONDS,
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 2,
          securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER },
          ...pod,
        },
      },
    },
  };
  return rendered;
}

/** The pod that is to be reached, or not. */
export const renderTarget = (place: Omit<TrialJob, 'name'>, image: string): JobObject =>
  job({ ...place, name: SERVICE }, { containers: [{ ...server('serve', image), readinessProbe: ping }] });

/** A pod that goes every way, each by a container of that name. @param ways addresses with ports */
export const renderCaller = (
  place: TrialJob,
  image: string,
  ways: Readonly<Record<string, string>>,
): JobObject =>
  job(place, {
    initContainers: [settling(image)],
    containers: Object.entries(ways).map(([way, address]) => caller(way, image, address)),
  });
