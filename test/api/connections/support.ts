/** A service that is connected to a played provider, and what builds and deploys in place of the workflows. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { environmentUse, environmentWrite } from '../../../functions/commands/environments/environments.ts';
import { deploymentKey, environmentKey, operationKey } from '../../../functions/core/keys.ts';
import {
  type Deployment,
  type Environment,
  type GitProvider,
  isTerminal,
  type Operation,
} from '../../../functions/core/model/index.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { withStanding } from '../../../functions/records/instances.ts';
import { sweep } from '../../../functions/sweep/sweep.ts';
import { createDeliverer } from '../../../functions/webhooks/deliver.ts';
import { type Answer, createSubject, DIGEST, type Subject, seed, workload } from '../support.ts';
import { type Delivered, type GitHost, NAME, openGitHost, TOKEN } from './git-host.ts';
import { type PlayedApp, realApp } from './played-app.ts';

export const SERVICE = '/v1/projects/demo/services/guestbook';
export const CONNECTION = `${SERVICE}/connection`;

/** A commit's id, from a number. */
export const sha = (number: number): string => createHash('sha1').update(String(number)).digest('hex');

/** How an operation ends; `running` where it goes on. */
type End = 'succeeded' | 'failed' | 'running';

export interface Connected {
  subject: Subject;
  host: GitHost;
  id: string;
  secret: string;
  deliver(delivered: Delivered): Promise<Answer>;
  /** Sweeps, builds and deploys until nothing goes on. */
  settle(ends?: (operation: Operation) => End): Promise<void>;
  deliveries(): Promise<any[]>;
  /** What each commit was told last. */
  lastStatuses(): Map<string, string>;
  close(): Promise<void>;
}

export const settings = (host: GitHost, fields: object = {}): object => ({
  provider: 'github',
  repository: `https://git.example.com/${NAME}.git`,
  api: host.origin,
  rules: [{ branch: 'main', environment: 'dev' }],
  token: TOKEN,
  ...fields,
});

/** @param app plays GitHub's side of the App by which the service is then connected */
export async function connect(
  provider: GitProvider,
  fields: object = {},
  app?: PlayedApp,
): Promise<Connected> {
  const host = await openGitHost(provider, undefined, app);
  const subject = await createSubject({ trustedReceivers: [host.origin] });
  await seed(subject);
  if (app) {
    const { receivers, effects } = subject.ports;
    const origin = 'https://git.example.com';
    subject.ports.githubApp = realApp({ api: host.origin, origin, ask: receivers.ask, now: effects.now });
    const items = [{ project: 'demo', repository: NAME }];
    expect((await subject.api('PUT', '/v1/github-app', { items })).status).toBe(200);
  }
  const { status, body, text } = await subject.api(
    'PUT',
    CONNECTION,
    settings(host, { provider, ...fields }),
  );
  expect(status, text).toBe(201);
  const { ports } = subject;
  const deliverer = createDeliverer(ports, { onError: (_, error) => subject.errors.push(error) });

  async function settle(ends: (operation: Operation) => End = () => 'succeeded') {
    for (let quiet = 0; quiet < 2; ) {
      subject.pass(1_100);
      await sweep(ports);
      await deliverer.pass();
      await deliverer.idle();
      quiet = (await work(ports, subject, ends)) ? 0 : quiet + 1;
    }
    await deliverer.pass();
    await deliverer.idle();
    expect(subject.errors).toEqual([]);
  }
  const deliveries = async (): Promise<any[]> =>
    (await subject.api('GET', `${SERVICE}/deliveries?limit=200`)).body.items;
  return {
    subject,
    host,
    id: body.id,
    secret: body.secret,
    deliver: ({ headers, body: sent }) =>
      subject.api('POST', `/v1/hooks/git/${body.id}`, sent, { ...headers, authorization: '' }),
    settle,
    deliveries,
    lastStatuses: () => new Map(host.statuses.map(({ commit, state }) => [commit, state])),
    async close() {
      await deliverer.close();
      host.close();
      await subject.close();
    },
  };
}

/** What the workflows would do: ends what was started. */
async function work(
  ports: Ports,
  { started, api }: Subject,
  ends: (operation: Operation) => End,
): Promise<boolean> {
  let worked = false;
  for (const id of started.splice(0)) {
    const item = await ports.store.get<Operation>(operationKey(id));
    if (!item || isTerminal(item.data.status)) continue;
    const operation = item.data;
    const status = operation.cancelRequested ? 'canceled' : ends(operation);
    if (status === 'running') {
      started.push(id);
      continue;
    }
    worked = true;
    const error = { code: 'build_failed' as const, cause: 'It has a fault.', hint: 'Mend it.' };
    let result: Record<string, unknown> | undefined;
    if (operation.kind === 'build' && status === 'succeeded') {
      const { input } = operation;
      const tag = 'commit' in input && input.commit ? input.commit : 'latest';
      const { body } = await api('POST', `/v1/projects/demo/services/${operation.service}/versions`, {
        image: DIGEST,
        workload: { ...workload, metadata: { name: `v-${tag.slice(-8)}` } },
        tags: [tag],
      });
      result = { version: body.id };
    }
    const data = {
      ...operation,
      status,
      ...(result && { result }),
      ...(status !== 'succeeded' && { error }),
      endedAt: new Date(ports.effects.now()).toISOString(),
    };
    await ports.store.transact([{ put: { ...operationKey(id), data } }]);
    if (operation.environment !== undefined) await change(ports, operation, status);
  }
  return worked;
}

async function change(ports: Ports, operation: Operation, status: string): Promise<void> {
  const key = environmentKey({ project: 'demo', environment: operation.environment ?? '' });
  const item = await ports.store.get<Environment>(key);
  if (!item) return;
  if (operation.kind === 'destroy-environment') return ports.store.transact([{ delete: key }]);
  if (operation.kind.startsWith('provision-')) {
    const state = status === 'succeeded' ? ('ready' as const) : ('failed' as const);
    const ready = { ...item.data, state };
    return ports.store.transact([environmentWrite(ready, { version: item.version })]);
  }
  if (operation.number === undefined) return;
  const { service, number } = operation;
  const ref = { project: 'demo', environment: operation.environment, service };
  const deployment = await ports.store.get<Deployment>(deploymentKey(ref, number));
  if (!deployment) return;
  const data = { ...deployment.data, status: status as Deployment['status'] };
  const serves = status === 'succeeded' ? { current: number } : {};
  await ports.store.transact([
    { put: { ...deploymentKey(ref, number), data } },
    environmentUse(item, withStanding(item.data, ref, serves)),
  ]);
}
