/** Where an EKS cluster is: EKS as moto has it. */
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DescribeClusterCommand,
  EKSClient,
} from '@aws-sdk/client-eks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assumedRole } from '../../../../functions/adapters/aws/assumed-role.ts';
import { createEksCluster } from '../../../../functions/adapters/aws/eks/eks-cluster.ts';
import { awsError, type Outcome, startProxy } from '../../support/faults.ts';
import { clientOptions, REGION, withMoto } from '../support.ts';

await withMoto((url) => {
  let client: EKSClient;
  const create = (name: string) =>
    client.send(
      new CreateClusterCommand({
        name,
        roleArn: 'arn:aws:iam::123456789012:role/cluster',
        resourcesVpcConfig: { subnetIds: [] },
      }),
    );
  beforeAll(async () => {
    client = new EKSClient(clientOptions(url()));
    await create('ours');
  });
  afterAll(() => client?.destroy());
  const find = (name: string, using = client) => createEksCluster({ name, client: using })();

  it('is told by its name, with the authority as it is used in TLS', async () => {
    const { cluster } = await client.send(new DescribeClusterCommand({ name: 'ours' }));
    const found = await find('ours');
    expect(found.server).toBe(cluster?.endpoint);
    expect(found.server).toMatch(/^https:\/\//);
    // Moto's is no certificate, and not even text.
    expect(found.ca).toBe(Buffer.from(cluster?.certificateAuthority?.data ?? '', 'base64').toString());
    expect(found.ca.length).toBeGreaterThan(100);
  });

  it('is asked for each time: one that was made anew has another authority', async () => {
    await create('moving');
    const before = await find('moving');
    await client.send(new DeleteClusterCommand({ name: 'moving' }));
    await expect(find('moving')).rejects.toMatchObject({ code: 'unavailable' });
    await create('moving');
    expect(await find('moving')).not.toEqual(before);
  });

  it('of another account is found as a role there, and not without it', async () => {
    const role = 'arn:aws:iam::444455556666:role/berth-place';
    const own = clientOptions(url());
    const credentials = assumedRole({
      role,
      region: REGION,
      endpoint: url(),
      credentials: async () => own.credentials,
    });
    expect(await credentials()).toMatchObject({
      sessionToken: expect.any(String),
      expiration: expect.any(Date),
    });
    const there = new EKSClient({ ...own, credentials });
    await there.send(
      new CreateClusterCommand({
        name: 'theirs-alone',
        roleArn: 'arn:aws:iam::444455556666:role/cluster',
        resourcesVpcConfig: { subnetIds: [] },
      }),
    );
    expect((await find('theirs-alone', there)).server).toMatch(/^https:/);
    await expect(find('theirs-alone')).rejects.toMatchObject({ code: 'unavailable' });
    there.destroy();
  });

  it('that is not there is told by its name', async () => {
    await expect(find('theirs')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('"theirs"'),
      hint: expect.stringContaining('region'),
    });
  });

  it.each<[string, Outcome, object]>([
    ['a throttle', awsError(400, 'ThrottlingException'), { name: 'Berth.Transient' }],
    ['a lost connection', 'cut', { name: 'Berth.Transient' }],
    ['an expired token', awsError(403, 'ExpiredTokenException'), { name: 'Berth.Transient' }],
    [
      'a permission that is missing',
      awsError(403, 'AccessDeniedException'),
      { code: 'unavailable', hint: expect.stringContaining('eks:DescribeCluster') },
    ],
    [
      'a cluster that is being made',
      { status: 200, body: JSON.stringify({ cluster: { name: 'ours', status: 'CREATING' } }) },
      { code: 'unavailable', message: expect.stringContaining('CREATING') },
    ],
  ])('%s has a stated outcome', async (_, outcome, expected) => {
    const proxy = await startProxy(url, () => outcome);
    const using = new EKSClient(clientOptions(proxy.url));
    await expect(find('ours', using)).rejects.toMatchObject(expected);
    using.destroy();
    await proxy.stop();
  });
});
