/** What whoever brings requests guarantees where a workload asks for its clients to be kept: `berth.dev/affinity`. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import { programs } from '../workloads/workload-programs.ts';
import { containerSpec, eventually, workloadSpec } from '../workloads/workloads-spec.ts';
import type { TrafficSubject } from './traffic.ts';

interface Answer {
  status: number;
  body: string;
  cookies: string[];
}

/** Of adapters whose workloads say that they keep clients. */
export function affinityContract(name: string, makeSubject: () => Promise<TrafficSubject>): void {
  describe(`Affinity contract: ${name}`, () => {
    const environment = { project: 'demo', environment: 'kept' };
    const ref: InstanceRef = { ...environment, service: 'sticky' };
    let subject: TrafficSubject;
    let host: string;

    beforeAll(async () => {
      subject = await makeSubject();
      expect(subject.workloads.keepsClients).toBe(true);
      await subject.workloads.ensureEnvironment(environment, { operation: 'op' });
      host = new URL(await subject.workloads.url(ref)).hostname;
      const container = containerSpec(await subject.image(programs.server));
      const extra = { service: ref.service, affinity: 'cookie' as const, replicas: 3 };
      await subject.workloads.apply(workloadSpec(ref, 1, container, extra));
      const rollout = await subject.workloads.awaitRollout(ref, 1, AbortSignal.timeout(120_000));
      expect(rollout).toEqual({ state: 'ready' });
    });
    afterAll(() => subject?.close());

    const ask = (path: string, cookie?: string): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const headers = { host, ...(cookie !== undefined && { cookie }) };
        request({ ...subject.front, path, agent: false, headers }, async (response) => {
          let body = '';
          for await (const chunk of response) body += chunk;
          resolve({ status: response.statusCode ?? 0, body, cookies: response.headers['set-cookie'] ?? [] });
        })
          .on('error', reject)
          .end();
      });

    /** A client that keeps its cookie. */
    function client() {
      let cookie: string | undefined;
      const visit = async (path: string): Promise<Answer> => {
        const answer = await ask(path, cookie);
        cookie = answer.cookies[0]?.split(';')[0] ?? cookie;
        return answer;
      };
      /** Which replicas it meets, the first time and then all at once. */
      const meet = async (count: number): Promise<string[]> => {
        const first = await visit('/life');
        const others = await Promise.all(Array.from({ length: count }, () => visit('/life')));
        return [first, ...others].map(({ body }) => body);
      };
      return { visit, meet };
    }

    it('keeps each client with the replica that answered it first, and clients come to all replicas', async () => {
      const met = await Promise.all(Array.from({ length: 6 }, () => client().meet(12)));
      for (const replicas of met) expect(new Set(replicas).size).toBe(1);
      expect(new Set(met.flat()).size).toBe(3);
    });

    it('says so once, by a cookie that no script reads, which ends with the browser', async () => {
      const { visit } = client();
      expect((await visit('/')).cookies).toEqual([
        expect.stringMatching(/^berth-affinity-sticky=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      expect((await visit('/')).cookies).toEqual([]);
    });

    it('leads on whoever comes with a replica that is gone, or with what nobody gave', async () => {
      const { visit, meet } = client();
      const [before] = await meet(1);
      await visit('/crash');
      await eventually(
        () => subject.workloads.status(ref),
        (status) => status?.readyReplicas === 3,
      );
      const after = await meet(5);
      expect(after).not.toContain(before);
      expect(new Set(after).size).toBe(1);
      for (const value of ['', '1.', '1.0000000000000000', '99.0000000000000000', 'x'.repeat(9_000)]) {
        const { status, cookies } = await ask('/', `a=b; berth-affinity-sticky=${value}`);
        expect([status, cookies.length], value.slice(0, 20)).toEqual([200, 1]);
      }
    });

    it('loses nobody while versions replace one another: each client goes on with the new one', async () => {
      const clients = Array.from({ length: 3 }, client);
      await Promise.all(clients.map(({ visit }) => visit('/')));
      const container = containerSpec(await subject.image(programs.server));
      const extra = { service: ref.service, affinity: 'cookie' as const, replicas: 2 };
      await subject.workloads.apply(workloadSpec(ref, 2, container, extra));
      expect(await subject.workloads.awaitRollout(ref, 2, AbortSignal.timeout(120_000))).toEqual({
        state: 'ready',
      });
      for (const { visit, meet } of clients) {
        expect((await visit('/')).cookies[0]).toMatch(/^berth-affinity-sticky=2\./);
        expect(new Set(await meet(4)).size).toBe(1);
      }
    });
  });
}
