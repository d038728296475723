/**
 * PostgreSQL servers of their own (`class: dedicated`), made and removed by name. RDS makes and keeps the
 * administrator's password. What does not carry our tag is never touched.
 */
import {
  CreateDBInstanceCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { deriveName, shortHash } from '../../core/names.ts';
import { TransientError } from '../../core/problem.ts';
import type { ServerOwner } from '../../ports/databases.ts';
import { ServerNotOurs } from '../../ports/rules/server-not-ours.ts';
import { ownerValue } from './keyed/owner-value.ts';
import { sent, unless } from './sdk-errors.ts';

export interface RdsInstancesOptions {
  client: RDSClient;
  /** What the names of instances start with in place of `berth`, so that two installations can share an account. */
  prefix?: string;
  /** The network, and who may connect. */
  subnetGroup: string;
  securityGroupIds: readonly string[];
  /** Default 5432. */
  port?: number;
}

/** Where an instance listens. */
export interface RdsInstance {
  host: string;
  port: number;
  /** ARN of the secret with the name and password of the administrator. */
  secretArn: string;
}

const NAME_MAX = 63;
const OWNER = 'berth:owner';
const NOT_FOUND = ['DBInstanceNotFound', 'DBInstanceNotFoundFault'];
const EXISTS = ['DBInstanceAlreadyExists', 'DBInstanceAlreadyExistsFault'];
/** The instance is being deleted already. */
const INVALID_STATE = ['InvalidDBInstanceState', 'InvalidDBInstanceStateFault'];

/** The same however often it is asked for, and another one for a later instance of the name. */
const snapshotOf = ({ DBInstanceIdentifier: id, DbiResourceId, InstanceCreateTime }: DBInstance): string =>
  `${id}-last-${shortHash(`${DbiResourceId} ${InstanceCreateTime?.toISOString()}`)}`;

export function createRdsInstances(options: RdsInstancesOptions) {
  const { client, prefix = 'berth', subnetGroup, securityGroupIds, port = 5432 } = options;
  const identifierOf = (name: string): string =>
    prefix === 'berth' ? name : deriveName([prefix, name.replace(/^berth-/, '')], NAME_MAX);

  async function find(name: string, tag: string): Promise<DBInstance | undefined> {
    const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifierOf(name) });
    const found = (await unless(NOT_FOUND, client.send(command)))?.DBInstances?.[0];
    if (found && !found.TagList?.some(({ Key, Value }) => Key === OWNER && Value === ownerValue(tag)))
      throw new ServerNotOurs(name);
    return found;
  }

  return {
    /**
     * Makes the instance; with the same name again it changes nothing.
     * @param name at most 63 letters, digits and hyphens, a letter first
     * @returns undefined while it is being made, which takes minutes
     */
    async ensure(name: string, owner: ServerOwner): Promise<RdsInstance | undefined> {
      const found = await find(name, owner.tag);
      if (!found) {
        const command = new CreateDBInstanceCommand({
          DBInstanceIdentifier: identifierOf(name),
          Engine: 'postgres',
          EngineVersion: '17',
          DBInstanceClass: 'db.t4g.micro',
          // GB.
          AllocatedStorage: 20,
          StorageType: 'gp3',
          StorageEncrypted: true,
          Port: port,
          MasterUsername: 'berth',
          ManageMasterUserPassword: true,
          DBSubnetGroupName: subnetGroup,
          VpcSecurityGroupIds: [...securityGroupIds],
          PubliclyAccessible: false,
          CopyTagsToSnapshot: true,
          Tags: [
            { Key: 'berth', Value: 'database' },
            { Key: OWNER, Value: ownerValue(owner.tag) },
            { Key: 'berth:operation', Value: owner.operation },
          ],
        });
        await unless(EXISTS, client.send(command));
        return undefined;
      }
      if (found.DBInstanceStatus === 'deleting')
        throw new TransientError('A database instance of this name is still being deleted.');
      const { Endpoint: endpoint, MasterUserSecret: secret } = found;
      if (found.DBInstanceStatus !== 'available' || !endpoint?.Address || !secret?.SecretArn)
        return undefined;
      return { host: endpoint.Address, port: endpoint.Port ?? port, secretArn: secret.SecretArn };
    },

    /** Deletes the instance; its last snapshot stays. @returns whether nothing else is left of it; idempotent */
    async remove(name: string, tag: string): Promise<boolean> {
      const found = await find(name, tag);
      if (!found) return true;
      if (found.DBInstanceStatus === 'deleting') return false;
      const command = new DeleteDBInstanceCommand({
        DBInstanceIdentifier: identifierOf(name),
        FinalDBSnapshotIdentifier: snapshotOf(found),
        DeleteAutomatedBackups: true,
      });
      await unless([...NOT_FOUND, ...INVALID_STATE], client.send(command));
      return false;
    },

    /** Names of the last snapshots of instances that had the name and carried the tag. */
    async snapshots(name: string, tag: string): Promise<string[]> {
      const command = new DescribeDBSnapshotsCommand({
        DBInstanceIdentifier: identifierOf(name),
        SnapshotType: 'manual',
      });
      const { DBSnapshots = [] } = (await unless(NOT_FOUND, client.send(command))) ?? {};
      return DBSnapshots.filter(({ TagList }) =>
        TagList?.some(({ Key, Value }) => Key === OWNER && Value === ownerValue(tag)),
      ).flatMap(({ DBSnapshotIdentifier: id }) => (id === undefined ? [] : [id]));
    },

    /** Whether there is one that carries the tag, being deleted or not. */
    async exists(name: string, tag: string): Promise<boolean> {
      try {
        return (await find(name, tag)) !== undefined;
      } catch (error) {
        if (error instanceof ServerNotOurs) return false;
        throw error;
      }
    },

    /** Names of all that carry a tag of ours. */
    async list(): Promise<string[]> {
      const names: string[] = [];
      let Marker: string | undefined;
      do {
        const page = await sent(
          client.send(new DescribeDBInstancesCommand(Marker === undefined ? {} : { Marker })),
        );
        for (const { DBInstanceIdentifier: name, TagList } of page.DBInstances ?? [])
          if (name !== undefined && TagList?.some(({ Key }) => Key === OWNER)) names.push(name);
        Marker = page.Marker;
      } while (Marker !== undefined);
      return names;
    },
  };
}
