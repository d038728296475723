/**
 * The rights of Berth's functions, as their policies of the synthesized stacks have them. Moto and DynamoDB Local take all that is asked
 * of them; here what no statement of a function's role names is refused before it is sent, as IAM would, and told.
 *
 * Actions are compared, and not resources: those of the suite have other names.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import type { Template } from '../../../../stacks/synthesize.ts';
import { grantsOf } from '../../../stacks/support.ts';

interface Client {
  config: { serviceId: string };
  send(...args: unknown[]): unknown;
}

interface Command {
  input: Record<string, unknown>;
}

/** How IAM names services, where that is not their own name in small letters. */
const SERVICES: Record<string, string> = {
  'CloudWatch Logs': 'logs',
  'Secrets Manager': 'secretsmanager',
  SESv2: 'ses',
  SFN: 'states',
};

/** Actions of commands that are named otherwise. */
const ACTIONS: Record<string, string> = {
  's3:CompleteMultipartUpload': 's3:PutObject',
  's3:CreateMultipartUpload': 's3:PutObject',
  's3:DeleteObjects': 's3:DeleteObject',
  's3:HeadBucket': 's3:ListBucket',
  's3:HeadObject': 's3:GetObject',
  's3:ListMultipartUploads': 's3:ListBucketMultipartUploads',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:PutBucketEncryption': 's3:PutEncryptionConfiguration',
  's3:PutBucketLifecycleConfiguration': 's3:PutLifecycleConfiguration',
  's3:PutPublicAccessBlock': 's3:PutBucketPublicAccessBlock',
  's3:UploadPart': 's3:PutObject',
  'lambda:Invoke': 'lambda:InvokeFunction',
};

/** Each part of a transaction takes a right of its own. */
const PARTS: Record<string, string> = {
  ConditionCheck: 'ConditionCheckItem',
  Delete: 'DeleteItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

/** Everybody may ask who they are. */
const FREE = new Set(['sts:GetCallerIdentity']);

function actionsOf(client: Client, command: Command): string[] {
  const { serviceId } = client.config;
  const service = SERVICES[serviceId] ?? serviceId.toLowerCase();
  const name = command.constructor.name.replace(/Command$/, '');
  if (service === 'dynamodb' && name === 'TransactWriteItems') {
    const parts = (command.input.TransactItems as object[]).flatMap((part) => Object.keys(part));
    return [...new Set(parts)].map((part) => `dynamodb:${PARTS[part] ?? part}`);
  }
  const action = `${service}:${name}`;
  return [ACTIONS[action] ?? action];
}

export interface Roles {
  /** Does what a function does, with its rights alone. @param name as in the ids of the stacks: `Requests`, `Workloads` */
  as<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** What was refused: `Workloads: logs:GetLogEvents`. */
  refused(): string[];
  close(): void;
}

export function enforceRoles(templates: Record<string, Template>): Roles {
  const grants = grantsOf(templates).filter(({ Effect }) => Effect === 'Allow');
  const rightsOf = (name: string): Set<string> => {
    const own = grants.filter(({ where }) => new RegExp(`/${name}FunctionPolicy`).test(where));
    if (own.length === 0) throw new Error(`No role of the stacks is for ${name}`);
    return new Set(own.flatMap(({ Action }) => Action));
  };
  const acting = new AsyncLocalStorage<{ name: string; rights: Set<string> }>();
  const refused = new Set<string>();
  const { Client } = createRequire(import.meta.url)('@smithy/core/client') as {
    Client: { prototype: Client };
  };
  const { send } = Client.prototype;
  Client.prototype.send = function (this: Client, ...args: unknown[]) {
    const who = acting.getStore();
    const lacks =
      who && actionsOf(this, args[0] as Command).find((one) => !who.rights.has(one) && !FREE.has(one));
    if (lacks === undefined) return send.apply(this, args);
    refused.add(`${who?.name}: ${lacks}`);
    const error = new Error(`The role of ${who?.name} is not authorized to perform: ${lacks}`);
    return Promise.reject(Object.assign(error, { name: 'AccessDeniedException', $metadata: {} }));
  };
  return {
    as: (name, work) => acting.run({ name, rights: rightsOf(name) }, work),
    refused: () => [...refused].sort(),
    close() {
      Client.prototype.send = send;
    },
  };
}
