import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../functions/adapters/kubernetes/api/api-errors.ts';
import type { KubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import {
  applyClusterObjects,
  type ClusterObject,
  clusterObjectPath,
  removeClusterObjects,
} from '../../../functions/hosts/aws/cluster-objects.ts';
import { customResource } from '../../../functions/hosts/aws/custom-resource.ts';

const pool: ClusterObject = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata: { name: 'berth' } };
const role: ClusterObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'berth' },
};
const policies: ClusterObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'amazon-vpc-cni', namespace: 'kube-system' },
};
const patience = { signal: AbortSignal.timeout(60_000), againMs: 1 };

/** Notes the calls, and refuses as it is told. */
function recorder(refusals: number[] = []) {
  const calls: string[] = [];
  const client = {
    async call(method: string, path: string) {
      const status = refusals.shift();
      if (status) throw new KubernetesError(status, {}, path);
      calls.push(`${method} ${path}`);
      return {};
    },
  } as unknown as KubernetesClient;
  return { client, calls };
}

describe('The cluster’s objects', () => {
  it('are applied in their order; what is no longer among them goes', async () => {
    const { client, calls } = recorder();
    await applyClusterObjects(client, [pool], [role, pool], patience);
    expect(calls).toEqual([
      'PATCH /apis/karpenter.sh/v1/nodepools/berth',
      'DELETE /apis/rbac.authorization.k8s.io/v1/clusterroles/berth',
    ]);
  });

  it('wait for rights and kinds that the API server does not know yet', async () => {
    const { client, calls } = recorder([403, 404]);
    await applyClusterObjects(client, [pool], [], patience);
    expect(calls).toHaveLength(1);
  });

  it('that are wrong end the deployment at once', async () => {
    const { client } = recorder([422]);
    await expect(applyClusterObjects(client, [pool], [], patience)).rejects.toMatchObject({ status: 422 });
  });

  it('go the last first; a switch of the whole cluster stays, since others may rely on it', async () => {
    const { client, calls } = recorder();
    await removeClusterObjects(client, [pool, policies, role], patience);
    expect(calls).toEqual([
      'DELETE /apis/rbac.authorization.k8s.io/v1/clusterroles/berth',
      'DELETE /apis/karpenter.sh/v1/nodepools/berth',
    ]);
  });

  it('of a kind that is not known are refused', () => {
    expect(() => clusterObjectPath({ ...pool, kind: 'constructor' })).toThrow('constructor');
  });
});

describe('A custom resource', () => {
  let server: Server;
  let url = '';
  const answers: Record<string, unknown>[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      answers.push({ ...JSON.parse(await text(request)), type: request.headers['content-type'] });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => server.close());

  const event = (more: object) =>
    ({
      RequestId: 'r',
      StackId: 's',
      LogicalResourceId: 'Applied',
      ResponseURL: url,
      ...more,
    }) as unknown as CloudFormationCustomResourceEvent;
  const context = (ms: number) => ({ getRemainingTimeInMillis: () => ms });

  it('answers that it is done, and keeps its id', async () => {
    const handle = customResource(async () => undefined);
    await handle(event({ RequestType: 'Create' }), context(60_000));
    await handle(event({ RequestType: 'Update', PhysicalResourceId: 'as before' }), context(60_000));
    expect(answers.splice(0)).toMatchObject([
      { Status: 'SUCCESS', PhysicalResourceId: 'Applied', RequestId: 'r', StackId: 's', type: '' },
      { Status: 'SUCCESS', PhysicalResourceId: 'as before', LogicalResourceId: 'Applied' },
    ]);
  });

  it('answers what went wrong, and before its time is over', async () => {
    const handle = customResource(async (_, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('not reached');
    });
    await handle(event({ RequestType: 'Create' }), context(15_001));
    expect(answers.splice(0)).toMatchObject([{ Status: 'FAILED', Reason: 'not reached' }]);
  });
});
