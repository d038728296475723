/** How a service in an environment is shown: what it does, in words. */
import * as z from 'zod';
import { type Deployment, type Environment, type Instance, isTerminal } from '../../core/model/index.ts';
import { shownState } from '../../core/schedule/expiry-steps.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { replicaCounts } from '../../ports/rules/workloads/replica-counts.ts';
import type { WorkloadStatus, Workloads } from '../../ports/workloads.ts';
import { deploymentSchema, deploymentView } from '../deployments/deployment-view.ts';
import { compact, nameSchema, timeSchema } from '../http/schemas.ts';

const replicaSchema = z.object({
  id: z.string().meta({ example: '4711' }),
  deployment: z.int().meta({ example: 3 }),
  state: z.enum(['starting', 'running', 'ready', 'restarting', 'stopping', 'stopped']),
  restarts: z.int(),
  startedAt: timeSchema.optional(),
  reason: z.string().optional(),
  process: nameSchema.optional().meta({ description: 'Absent for its web.', example: 'worker' }),
});

const summaryFields = {
  project: nameSchema.meta({ example: 'demo' }),
  environment: nameSchema.meta({ example: 'dev' }),
  service: nameSchema,
  state: z.enum(['serving', 'deploying', 'degraded', 'failed', 'stopped', 'unknown']).meta({
    description: 'What it does now; `unknown` where the place that it runs in can not be asked.',
    example: 'serving',
  }),
  status: z.string().meta({ description: 'The same in words.', example: 'Deployment 3 serves.' }),
  health: z.enum(['healthy', 'degraded', 'down', 'stopped', 'unknown']),
  url: z.string().optional().meta({
    description: 'Absent for a workload without service ports, such as a worker.',
    example: 'http://guestbook.dev.demo.localhost:4600',
  }),
  replicas: z.object({ desired: z.int(), ready: z.int() }),
  scale: z.int().optional().meta({
    description: 'How many replicas people asked for, in place of the Score file.',
    example: 3,
  }),
  process: nameSchema.optional().meta({
    description: 'What its own replicas are called, which `replicas` counts; absent where that is `web`.',
    example: 'worker',
  }),
  processes: z
    .array(
      z.object({
        name: nameSchema.meta({ example: 'worker' }),
        desired: z.int(),
        ready: z.int(),
        scale: z.int().optional().meta({
          description: 'How many people asked for, in place of the Score file.',
          example: 2,
        }),
      }),
    )
    .optional()
    .meta({
      description: 'What runs beside its own replicas; absent where there is nothing.',
    }),
  current: deploymentSchema.optional(),
  newest: deploymentSchema.optional(),
  candidate: z
    .object({
      deployment: z.int(),
      percent: z.int().meta({ description: 'So many of a hundred requests go to it.', example: 10 }),
      desiredReplicas: z.int(),
      readyReplicas: z.int(),
      restarts: z.int(),
      reason: z.string().optional(),
    })
    .optional()
    .meta({ description: 'A version that is tried beside the one that serves.' }),
  standby: z
    .object({
      deployment: z.int(),
      why: z.enum(['warm', 'failed']),
      until: timeSchema,
      replicas: z.int().meta({ description: 'So many run, and use what replicas use.' }),
    })
    .optional()
    .meta({
      description:
        'What runs beside it without requests: `warm`, the version before, to which a rollback is a switch, or `failed`, to be looked at.',
    }),
};

export const instanceSchema = z.object(summaryFields).meta({ id: 'Instance' });

export const instanceDetailSchema = z
  .object({
    ...summaryFields,
    replicas: z.object({ desired: z.int(), ready: z.int(), items: z.array(replicaSchema) }),
    endpoints: z
      .array(
        z.object({
          name: z.string().meta({ example: 'web' }),
          port: z.int(),
          protocol: z.enum(['TCP', 'UDP']),
          address: z.string().meta({ example: 'localhost:4600' }),
        }),
      )
      .meta({ description: 'Where other workloads in the environment reach its service ports.' }),
    changed: z.array(z.string()).meta({
      description: 'Variables and secrets that have changed since it was deployed: a restart takes them.',
      example: ['LOG_LEVEL'],
    }),
  })
  .meta({ id: 'InstanceDetail' });

export interface InstanceFacts {
  environment: Environment;
  instance: Instance;
  current: Deployment | undefined;
  newest: Deployment | undefined;
  /** Undefined where nothing of it has been started. */
  status: WorkloadStatus | 'unreadable' | undefined;
  url: string | undefined;
}

type Summary = z.infer<typeof instanceSchema>;

export function instanceView(facts: InstanceFacts): Summary {
  const { instance, current, newest, url } = facts;
  const status = statusOf(facts);
  const health = healthOf(facts);
  return compact({
    project: instance.project,
    environment: instance.environment,
    service: instance.service,
    ...describe(facts, health),
    health,
    url,
    replicas: { desired: status?.desiredReplicas ?? 0, ready: status?.readyReplicas ?? 0 },
    scale: instance.replicas,
    process: current?.main,
    processes: processesView(facts),
    current: current && deploymentView(current),
    newest: newest && deploymentView(newest),
    candidate: status?.candidate,
    standby: status?.standby,
  });
}

function processesView(facts: InstanceFacts): Summary['processes'] {
  const { processes } = facts.instance;
  if (!processes) return undefined;
  return Object.entries(processes).map(([name, { replicas, isScaled }]) => {
    const { desiredReplicas = 0, readyReplicas = 0 } = statusOf(facts)?.processes?.[name] ?? {};
    return compact({
      name,
      desired: desiredReplicas,
      ready: readyReplicas,
      scale: isScaled ? replicas : undefined,
    });
  });
}

const stoppedStates: ReadonlySet<string> = new Set(['hibernating', 'hibernated', 'destroying', 'destroyed']);

/** What is known of its replicas; undefined where that is nothing. */
export const statusOf = ({ status }: InstanceFacts): WorkloadStatus | undefined =>
  status === 'unreadable' ? undefined : status;

function healthOf({ environment, instance, current, status }: InstanceFacts): Summary['health'] {
  if (stoppedStates.has(environment.state) || instance.state === 'stopped') return 'stopped';
  if (!current) return 'down';
  if (status === 'unreadable') return 'unknown';
  if (!status) return 'down';
  if (status.readyReplicas === 0) return status.desiredReplicas === 0 ? 'stopped' : 'down';
  const { desired, ready } = replicaCounts(status);
  return ready < desired ? 'degraded' : 'healthy';
}

function describe(facts: InstanceFacts, health: Summary['health']): Pick<Summary, 'state' | 'status'> {
  const { environment, instance, current, newest } = facts;
  if (stoppedStates.has(environment.state)) {
    return { state: 'stopped', status: `The environment is ${shownState(environment)}.` };
  }
  if (instance.state === 'removing') return { state: 'deploying', status: 'It is being removed.' };
  const serves =
    instance.state === 'stopped'
      ? 'It is stopped'
      : current
        ? `Deployment ${current.number} serves`
        : 'Nothing serves yet';
  if (newest && !isTerminal(newest.status)) {
    const before = current && health !== 'healthy' && health !== 'degraded' ? '' : ` ${serves}.`;
    const { candidate } = statusOf(facts) ?? {};
    const share =
      candidate?.deployment === newest.number ? ` with ${candidate.percent} % of the requests` : '';
    return { state: 'deploying', status: `Deployment ${newest.number} is under way${share}.${before}` };
  }
  const failed = newest?.status === 'failed' && newest.number !== current?.number ? newest : undefined;
  const why = failed
    ? ` Deployment ${failed.number} failed: ${failed.error?.cause ?? 'see its operation'}`
    : '';
  if (!current) return { state: 'failed', status: `${serves}.${why}` };
  if (health === 'healthy') return { state: 'serving', status: `${serves}.${why}` };
  if (instance.state === 'stopped') return { state: 'stopped', status: `${serves}.${why}` };
  if (health === 'unknown') {
    const unread = 'the place that it runs in does not answer';
    return {
      state: 'unknown',
      status: `Whether deployment ${current.number} serves is not known: ${unread}.${why}`,
    };
  }
  if (health === 'stopped') return { state: 'stopped', status: `It is scaled to no replicas.${why}` };
  const status = statusOf(facts);
  const { ready: many, desired } = status ? replicaCounts(status) : { ready: 0, desired: 0 };
  const ready = `${many} of ${desired} replicas ready`;
  if (health === 'degraded') return { state: 'degraded', status: `${serves}, with ${ready}.${why}` };
  const down = `Deployment ${current.number} does not serve`;
  if (!status) return { state: 'failed', status: `${down}: it has not been started.${why}` };
  const reason = status.replicas.find(({ reason }) => reason !== undefined)?.reason;
  return { state: 'failed', status: `${down}, with ${ready}${reason ? `: ${reason}` : ''}.${why}` };
}

/** Addresses by service port; a port without an address is left out. */
export async function endpointsOf(
  workloads: Workloads,
  instance: Instance,
  workload: ScoreWorkload | undefined,
) {
  const ports = Object.entries(workload?.service?.ports ?? {});
  const found = await Promise.all(
    ports.map(async ([name, { port, targetPort, protocol = 'TCP' }]) => {
      const servicePort = { name, port, targetPort: targetPort ?? port, protocol };
      const at = await workloads.endpoint(instance, servicePort).catch(() => undefined);
      return at && { name, port, protocol, address: `${at.hostname}:${at.port}` };
    }),
  );
  return found.filter((endpoint) => endpoint !== undefined);
}
