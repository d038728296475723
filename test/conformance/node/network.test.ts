/** Network policies in force: what a pod can reach is tried from the pod, with kube-router on the node. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import { containerSpec, eventually, port, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';
import { programOf } from '../support/node/images.ts';
import { kubeRouter, whyNoPolicies } from '../support/node/programs.ts';
import { type RealPlace, startPlace, whyNoPlace } from './place.ts';
import { makeRealSubject, type RealSubject } from './subject.ts';

const why = (await whyNoPlace()) ?? (await whyNoPolicies());
if (why) console.log(`Skipped: network policies in force, since ${why}.`);

/** Tries to connect wherever it is told to. */
const dialer = `
  import { createServer } from 'node:http';
  import { connect } from 'node:net';
  createServer((request, response) => {
    const { searchParams } = new URL(request.url, 'http://host');
    const host = searchParams.get('host');
    if (!host) return response.end('here');
    const socket = connect(Number(searchParams.get('port')), host);
    const end = (text) => { socket.destroy(); response.end(text); };
    socket.setTimeout(1500, () => end('silence'));
    socket.on('connect', () => end('open')).on('error', (error) => end(error.code));
  }).listen(process.env.PORT);
`;
/** What a firewall answers, by silence or by a refusal of its own. */
const CLOSED = /^(silence|EHOSTUNREACH|ENETUNREACH|ECONNREFUSED|EACCES|EPERM)$/;

interface Reached {
  host: string;
  port: number;
}

describe.skipIf(why)('Network policies in force', { timeout: 240_000 }, () => {
  let place: RealPlace;
  /** Whose workloads reach no private network. */
  let closed: RealSubject;
  /** Whose platform team allows one: that of this machine. */
  let open: RealSubject;
  /** Whose workloads nothing from outside reaches. */
  let hidden: RealSubject;
  let registry: Reached;
  const refs = {
    web: { project: 'demo', environment: 'one', service: 'web' },
    api: { project: 'demo', environment: 'one', service: 'api' },
    stranger: { project: 'demo', environment: 'two', service: 'web' },
  };

  beforeAll(async () => {
    place = await startPlace({ policies: await kubeRouter() });
    const { host } = place.cluster.node;
    // Requests come from this machine, as they do from a gateway that is no pod.
    const subject = (gatewayCidrs: string[], egressCidrs: string[]): Promise<RealSubject> =>
      makeRealSubject(place, {
        render: {
          network: { gatewayNamespaces: [], gatewayCidrs, resolverCidrs: [], egressCidrs, internet: true },
        },
      });
    closed = await subject([`${host}/32`], []);
    open = await subject([`${host}/32`], [`${host}/32`]);
    hidden = await subject([], []);
    registry = { host, port: Number(new URL(place.registry.url).port) };
    await Promise.all(
      [
        [closed, refs.web],
        [closed, refs.api],
        [closed, refs.stranger],
        [open, refs.web],
        [hidden, refs.web],
      ].map(([subject, ref]) => deploy(subject as RealSubject, ref as InstanceRef)),
    );
  }, 2_400_000);
  afterAll(async () => {
    await closed?.close();
    await open?.close();
    await hidden?.close();
    await place?.stop();
  });

  async function deploy(subject: RealSubject, ref: InstanceRef): Promise<void> {
    const image = await subject.push(programOf(dialer), ref.service);
    const { workloads } = subject;
    await workloads.ensureEnvironment(ref, { operation: 'op' });
    await workloads.apply({ ...workloadSpec(ref, 1, containerSpec(image)), service: ref.service });
    const result = await workloads.awaitRollout(ref, 1, AbortSignal.timeout(120_000));
    expect(result).toEqual({ state: 'ready' });
  }
  /** The cluster address of a service. */
  async function serviceOf(subject: RealSubject, ref: InstanceRef): Promise<Reached> {
    const at = await subject.reach?.(ref, await subject.workloads.endpoint(ref, port));
    return { host: at?.hostname ?? '', port: at?.port ?? 0 };
  }
  async function podOf(subject: RealSubject, ref: InstanceRef): Promise<Reached> {
    const path = `${subject.namespace(ref.environment)}/pods`;
    const { items } = await place.cluster.client.list<{
      metadata: { name: string };
      status: { podIP: string };
    }>(path);
    const pod = items.find(({ metadata }) => metadata.name.startsWith(`${ref.service}-`));
    return { host: pod?.status.podIP ?? '', port: port.targetPort };
  }
  /** What a pod of the instance finds there. */
  async function dial(subject: RealSubject, ref: InstanceRef, to: Reached): Promise<string> {
    const { host } = await serviceOf(subject, ref);
    const path = `/?host=${to.host}&port=${to.port}`;
    // What a cluster has told its nodes, they know a moment later.
    return fetch(`http://${host}${path}`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => 'not asked',
    );
  }
  const becomes = (found: () => Promise<string>, right: (text: string) => boolean): Promise<string> =>
    eventually(found, right, 30_000);
  const isClosed = (text: string): boolean => CLOSED.test(text);
  const isOpen = (text: string): boolean => text === 'open';

  it('services of one environment reach each other', async () => {
    const web = await serviceOf(closed, refs.web);
    await becomes(() => dial(closed, refs.api, web), isOpen);
  });

  it('those of another environment do not, neither by the service nor by the pod', async () => {
    await becomes(async () => dial(closed, refs.stranger, await serviceOf(closed, refs.web)), isClosed);
    await becomes(async () => dial(closed, refs.stranger, await podOf(closed, refs.web)), isClosed);
    await becomes(async () => dial(closed, refs.web, await podOf(closed, refs.stranger)), isClosed);
  });

  it('a private network is out of reach unless the platform team names it', async () => {
    await becomes(() => dial(closed, refs.web, registry), isClosed);
    await becomes(() => dial(open, refs.web, registry), isOpen);
  });

  it('a pod is reached from where the gateway is, and from nowhere else outside', async () => {
    const knock = async (subject: RealSubject): Promise<string> => {
      const { host, port: at } = await podOf(subject, refs.web);
      return fetch(`http://${host}:${at}/`, { signal: AbortSignal.timeout(2_000) }).then(
        () => 'open',
        () => 'silence',
      );
    };
    await becomes(() => knock(closed), isOpen);
    await becomes(() => knock(hidden), isClosed);
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where no network policy can be in force', () => undefined);
