/** `npm run doctor -- --aws` on an account as moto has it; quotas, which moto lists for no service but one, are played. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateAddonCommand, CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoStore, dynamoOptions } from '../../../functions/adapters/aws/store/store.ts';
import { CLOCK_KEY, type SeenClock } from '../../../functions/records/clock.ts';
import { createAwsApi } from '../../../scripts/doctor/aws-api.ts';
import type { Finding } from '../../../scripts/doctor/check.ts';
import { report } from '../../../scripts/doctor/check.ts';
import { examineAws, settingsOf } from '../../../scripts/doctor/index.ts';
import { type FaultProxy, startProxy } from '../support/faults.ts';
import { clientOptions, REGION, subnetIds, withMoto } from './support.ts';

const quotas: Record<string, { QuotaName: string; Value: number }[]> = {
  lambda: [{ QuotaName: 'Concurrent executions', Value: 10 }],
  codebuild: [{ QuotaName: 'Concurrently running builds for ARM/Small environment', Value: 60 }],
  ec2: [{ QuotaName: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances', Value: 64 }],
};

await withMoto((url) => {
  describe('The doctor', () => {
    let proxy: FaultProxy;
    const before = { ...process.env };
    beforeAll(async () => {
      proxy = await startProxy(url, ({ action, body }) => {
        if (action !== 'ListServiceQuotas') return 'forward';
        const { ServiceCode } = JSON.parse(body.toString()) as { ServiceCode: string };
        return { status: 200, body: JSON.stringify({ Quotas: quotas[ServiceCode] ?? [] }) };
      });
      Object.assign(process.env, {
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'not-a-secret',
        AWS_ENDPOINT_URL: proxy.url,
      });
    });
    afterAll(async () => {
      process.env = before;
      await proxy?.stop();
    });
    const find = (findings: readonly Finding[], what: RegExp) => findings.find((one) => what.test(one.what));

    it('says of an account where nothing was done what to do, by the setting or the command', async () => {
      const findings = await examineAws(settingsOf(['berth:reservedConcurrency=50']));
      expect(find(findings, /Bootstrap/)).toMatchObject({ state: 'wrong', todo: 'Run npx cdk bootstrap.' });
      expect(find(findings, /lambda/)).toMatchObject({ state: 'wrong', found: '10 is less than 152' });
      expect(find(findings, /codebuild/)).toMatchObject({ state: 'ok', found: '60' });
      expect(find(findings, /ec2/)).toMatchObject({ state: 'ok' });
      expect(find(findings, /elasticloadbalancing/)).toMatchObject({ state: 'unknown' });
      expect(find(findings, /Certificate/)).toMatchObject({
        state: 'wrong',
        todo: expect.stringContaining('berth:appsCertificate'),
      });
      expect(find(findings, /Cluster/)).toMatchObject({
        state: 'unknown',
        todo: 'Run npx cdk deploy --all.',
      });
      expect(find(findings, /DNS/)).toMatchObject({
        state: 'wrong',
        todo: expect.stringContaining('Point *.apps'),
      });
      expect(report(findings)).toMatch(
        /WRONG {3}Bootstrap[^\n]*\n {8}-> Run npx cdk bootstrap\.\n[\s\S]*\d to mend of what could be looked at; \d could not\.$/,
      );
    });

    it('finds what is there: bootstrap, certificate, cluster and its add-on', async () => {
      const { call } = await createAwsApi();
      const parameter = { Name: '/cdk-bootstrap/hnb659fds/version', Value: '30', Type: 'String' };
      await call('ssm', 'AmazonSSM.PutParameter', parameter);
      const made = await call<{ CertificateArn: string }>('acm', 'CertificateManager.RequestCertificate', {
        DomainName: '*.apps.example.com',
      });
      const eks = new EKSClient(clientOptions(url()));
      const subnets = await subnetIds(url());
      await eks.send(
        new CreateClusterCommand({
          name: 'berth',
          roleArn: 'arn:aws:iam::123456789012:role/cluster',
          resourcesVpcConfig: { subnetIds: subnets.slice(0, 2) },
          kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.0/16' },
          accessConfig: { authenticationMode: 'API' },
          computeConfig: { enabled: true },
        }),
      );
      await eks
        .send(new CreateAddonCommand({ clusterName: 'berth', addonName: 'metrics-server' }))
        .catch(() => undefined);
      eks.destroy();
      const findings = await examineAws(
        settingsOf(['berth:apps=apps.example.com', `berth:appsCertificate=${made.CertificateArn}`]),
      );
      expect(find(findings, /Bootstrap/)).toMatchObject({ state: 'ok', found: 'version 30' });
      // Moto issues a certificate some looks after it was asked for.
      expect(find(findings, /Certificate/)?.found).toMatch(/issued|PENDING_VALIDATION/);
      expect(find(findings, /^Cluster/)).toMatchObject({ state: 'ok', found: 'active' });
      expect(findings).toContainEqual(
        expect.objectContaining({ state: 'wrong', todo: 'Set berth:serviceCidr to 10.100.0.0/16.' }),
      );
      // Moto's clusters lead nowhere: what is in one is looked at in eks/cluster-objects.test.ts.
      expect(find(findings, /NodePool/)).toMatchObject({ state: 'unknown' });
    });

    it('tells what Berth has found when it tried whether environments are apart, and what to do', async () => {
      const isolation = async () => find(await examineAws(settingsOf([])), /Isolation/);
      expect(await isolation()).toMatchObject({ state: 'unknown', found: 'it was not tried yet' });
      const client = new DynamoDBClient(dynamoOptions({ region: REGION }));
      const table = 'Berth-Data-TableCD117FA1-1ABCDEFGHIJKL';
      await client.send(
        new CreateTableCommand({
          TableName: table,
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
          ],
        }),
      );
      const at = '2026-11-27T12:00:00.000Z';
      const data: SeenClock = {
        at,
        isolation: { last: { at, rules: '', outcome: { state: 'not_in_force', open: ['pod'], shut: [] } } },
      };
      await createDynamoStore({ client, table }).transact([{ put: { ...CLOCK_KEY, data } }]);
      client.destroy();
      expect(await isolation()).toMatchObject({
        state: 'wrong',
        found: expect.stringContaining('workloads reach pod'),
        todo: expect.stringContaining('amazon-vpc-cni'),
      });
    });

    it('refuses settings that can not be used, before it looks at anything', () => {
      expect(() => settingsOf(['berth:cluster=ours'])).toThrow('can not reach each other');
    });
  });
});
