/** Servers of their own over RDS, as moto has it. */
import {
  CreateDBInstanceCommand,
  CreateDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRdsInstances } from '../../../functions/adapters/aws/rds-instances.ts';
import { type Outcome, queryError, startProxy } from '../support/faults.ts';
import { clientOptions, subnetIds, withMoto } from './support.ts';

const owner = { tag: 'berth:environment:postgres.dedicated#db', operation: 'op' };

await withMoto((url) => {
  let client: RDSClient;
  beforeAll(async () => {
    client = new RDSClient(clientOptions(url()));
    await client.send(
      new CreateDBSubnetGroupCommand({
        DBSubnetGroupName: 'berth',
        DBSubnetGroupDescription: 'x',
        SubnetIds: await subnetIds(url()),
      }),
    );
  });
  afterAll(() => client.destroy());
  const make = (using = client) =>
    createRdsInstances({ client: using, subnetGroup: 'berth', securityGroupIds: [] });

  it('are made once, private and encrypted, tagged with their owner and operation', async () => {
    const instances = make();
    for (let round = 0; round < 2; round++) await instances.ensure('berth-one', owner);
    const { DBInstances: found = [] } = await client.send(new DescribeDBInstancesCommand({}));
    expect(found).toMatchObject([
      {
        DBInstanceIdentifier: 'berth-one',
        PubliclyAccessible: false,
        StorageEncrypted: true,
        Engine: 'postgres',
      },
    ]);
    expect(found[0]?.TagList).toEqual(
      expect.arrayContaining([
        // Moto takes any letter, and RDS does not.
        { Key: 'berth:owner', Value: expect.stringMatching(/^[A-Za-z0-9 _.:/=+@-]{1,256}$/) },
        { Key: 'berth:operation', Value: 'op' },
      ]),
    );
    expect(await instances.ensure('berth-one', owner)).toEqual({
      host: expect.stringMatching(/^berth-one\./),
      port: 5432,
      secretArn: expect.stringMatching(/^arn:aws:secretsmanager:/),
    });
    expect(await instances.list()).toEqual(['berth-one']);
  });

  it('are made once, though the answer was lost', async () => {
    const outcomes: Outcome[] = ['lose'];
    const proxy = await startProxy(url, ({ action }) =>
      action === 'CreateDBInstance' ? (outcomes.shift() ?? 'forward') : 'forward',
    );
    const using = new RDSClient(clientOptions(proxy.url));
    await make(using).ensure('berth-two', owner);
    expect((await make().list()).filter((name) => name === 'berth-two')).toHaveLength(1);
    using.destroy();
    await proxy.stop();
  });

  it.each<[string, Outcome]>([
    ['a throttle', queryError(400, 'Throttling')],
    ['an expired token', queryError(403, 'ExpiredToken')],
    ['an error of AWS', queryError(500, 'InternalFailure')],
    ['a lost connection', 'cut'],
  ])('%s that stays is worth another try, and makes nothing', async (_, outcome) => {
    const proxy = await startProxy(url, () => outcome);
    const using = new RDSClient(clientOptions(proxy.url));
    const instances = make(using);
    for (const call of [
      () => instances.ensure('berth-fault', owner),
      () => instances.remove('berth-fault', owner.tag),
      () => instances.exists('berth-fault', owner.tag),
    ])
      await expect(call()).rejects.toMatchObject({ name: 'Berth.Transient' });
    expect(await make().list()).not.toContain('berth-fault');
    using.destroy();
    await proxy.stop();
  });

  it('whose removal lost its answer are gone, and are asked for until they are', async () => {
    await make().ensure('berth-four', owner);
    const outcomes: Outcome[] = ['lose'];
    const proxy = await startProxy(url, ({ action }) =>
      action === 'DeleteDBInstance' ? (outcomes.shift() ?? 'forward') : 'forward',
    );
    const using = new RDSClient(clientOptions(proxy.url));
    const instances = make(using);
    while (!(await instances.remove('berth-four', owner.tag)));
    expect(outcomes).toEqual([]);
    expect(await instances.exists('berth-four', owner.tag)).toBe(false);
    using.destroy();
    await proxy.stop();
  });

  it('of others are neither adopted nor removed', async () => {
    await client.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'theirs',
        Engine: 'postgres',
        DBInstanceClass: 'db.t4g.micro',
        AllocatedStorage: 20,
        MasterUsername: 'theirs',
        MasterUserPassword: 'not-a-secret',
      }),
    );
    const instances = make();
    await expect(instances.ensure('theirs', owner)).rejects.toThrow(/does not carry the tag/);
    await expect(instances.remove('theirs', owner.tag)).rejects.toThrow(/does not carry the tag/);
    await expect(instances.remove('berth-one', 'berth:other')).rejects.toThrow(/does not carry the tag/);
    expect(await instances.list()).not.toContain('theirs');
  });

  it('are removed, and again without effect', async () => {
    const instances = make();
    await instances.ensure('berth-three', owner);
    await instances.remove('berth-three', owner.tag);
    expect(await instances.remove('berth-three', owner.tag)).toBe(true);
    expect(await instances.list()).not.toContain('berth-three');
  });

  it('leave a last snapshot by which they are found, each server of a name another one', async () => {
    const instances = make();
    for (let round = 1; round <= 2; round++) {
      await instances.ensure('berth-five', owner);
      while (!(await instances.remove('berth-five', owner.tag)));
      const snapshots = await instances.snapshots('berth-five', owner.tag);
      expect(snapshots).toHaveLength(round);
      for (const name of snapshots) expect(name).toMatch(/^berth-five-last-[0-9a-z]{8}/);
    }
    expect(await instances.snapshots('berth-five', 'berth:other')).toEqual([]);
  });
});
