/**
 * Which target groups are an environment's: bindings in a real API server, with the kind that the controller of EKS
 * brings, and target groups of moto's load balancers.
 */
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteTargetGroupCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTargetGroups } from '../../../../functions/hosts/aws/target-groups.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../../support/cluster.ts';
import { clientOptions, subnetIds, vpcId, withMoto } from '../support.ts';

const why = (await whyNoCluster()) ?? (process.env.KUBECONFIG ? 'a kind is added to it' : undefined);
if (why) console.log(`Skipped: target groups, since ${why}.`);

const GROUP = 'eks.amazonaws.com';
const PREFIX = 'berth';
const bindings = (namespace: string) => `/apis/${GROUP}/v1/namespaces/${namespace}/targetgroupbindings`;

/** The resource as the controller's documentation describes it, with the fields that are read. */
const kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `targetgroupbindings.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'targetgroupbindings', singular: 'targetgroupbinding', kind: 'TargetGroupBinding' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['serviceRef'],
                properties: {
                  targetGroupARN: { type: 'string' },
                  serviceRef: {
                    type: 'object',
                    properties: { name: { type: 'string' }, port: { 'x-kubernetes-int-or-string': true } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

await withMoto((url) => {
  describe.skipIf(why)('Target groups', () => {
    let cluster: TestCluster;
    let balancing: ElasticLoadBalancingV2Client;
    let loadBalancer: string;
    beforeAll(async () => {
      cluster = await startCluster();
      balancing = new ElasticLoadBalancingV2Client(clientOptions(url()));
      const { LoadBalancers } = await balancing.send(
        new CreateLoadBalancerCommand({ Name: 'berth', Subnets: (await subnetIds(url())).slice(0, 2) }),
      );
      loadBalancer = LoadBalancers?.[0]?.LoadBalancerArn ?? '';
      for (const project of ['demo', 'other'])
        await cluster.client.call('POST', '/api/v1/namespaces', {
          body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${PREFIX}-${project}-dev` } },
        });
    }, 2_400_000);
    afterAll(async () => {
      balancing?.destroy();
      await cluster?.stop();
    });
    const find = () =>
      createTargetGroups({
        cluster: cluster.client,
        balancing,
        group: `${GROUP}/v1`,
        namespacePrefix: PREFIX,
      })({ project: 'demo', environment: 'dev' });

    /** A target group, which the load balancer sends requests to if it has a port. */
    async function targetGroup(name: string, port?: number): Promise<string> {
      const made = await balancing.send(
        new CreateTargetGroupCommand({
          Name: name,
          Protocol: 'HTTP',
          Port: 80,
          VpcId: await vpcId(url()),
          TargetType: 'ip',
        }),
      );
      const arn = made.TargetGroups?.[0]?.TargetGroupArn ?? '';
      if (port !== undefined)
        await balancing.send(
          new CreateListenerCommand({
            LoadBalancerArn: loadBalancer,
            Protocol: 'HTTP',
            Port: port,
            DefaultActions: [{ Type: 'forward', TargetGroupArn: arn }],
          }),
        );
      return arn;
    }
    const bind = (namespace: string, name: string, service: string, targetGroupARN?: string) =>
      cluster.client.call('POST', bindings(namespace), {
        body: {
          apiVersion: `${GROUP}/v1`,
          kind: 'TargetGroupBinding',
          metadata: { name },
          spec: { serviceRef: { name: service, port: 80 }, ...(targetGroupARN && { targetGroupARN }) },
        },
      });

    it('of a cluster without the controller are not known, which is not the same as none', async () => {
      await expect(find()).rejects.toMatchObject({ status: 404 });
    });

    it('are those that the bindings of its namespace name, and a load balancer sends requests to', async () => {
      await cluster.client.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        body: kind,
      });
      await expect.poll(() => find().catch(() => 'not yet'), { timeout: 20_000 }).toEqual([]);
      const web = await targetGroup('web', 80);
      await bind('berth-demo-dev', 'k8s-web', 'web', web);
      // Made by the controller a moment later, not behind the load balancer yet, and somebody else's.
      await bind('berth-demo-dev', 'k8s-new', 'new');
      await bind('berth-demo-dev', 'k8s-idle', 'idle', await targetGroup('idle'));
      await bind('berth-other-dev', 'k8s-theirs', 'web', await targetGroup('theirs', 81));
      expect(await find()).toEqual([
        {
          service: 'web',
          loadBalancer: expect.stringMatching(/^app\/berth\/[0-9a-f]+$/),
          targetGroup: expect.stringMatching(/^targetgroup\/web\/[0-9a-f]+$/),
        },
      ]);
      expect(web).toContain((await find())[0]?.targetGroup);
      expect(loadBalancer).toContain((await find())[0]?.loadBalancer);
    });

    it('that went a moment before the look are worth another try, and are not taken for none', async () => {
      const gone = await targetGroup('gone');
      await bind('berth-demo-dev', 'k8s-gone', 'gone', gone);
      await balancing.send(new DeleteTargetGroupCommand({ TargetGroupArn: gone }));
      await expect(find()).rejects.toMatchObject({ name: 'Berth.Transient' });
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Go is absent', () => undefined);
