/** The rights of Berth's functions, by purpose. Only named actions are allowed; no function may scan the table. */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { STORE_TABLE } from '../../functions/adapters/aws/store/table.ts';
import { workflowNames } from '../../state-machines/load.ts';
import { dedicatedSubnets } from '../place/database.ts';
import { inRegion, keyedArns } from './keyed-arns.ts';
import type { Grant } from './role.ts';

/** Everything that a function of Berth may ever do; the boundary of its roles. */
export const actions = {
  readTable: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
  // A transaction needs the rights of each of its parts.
  writeTable: [
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'dynamodb:ConditionCheckItem',
  ],
  startWorkflows: ['states:StartExecution'],
  runSteps: ['lambda:InvokeFunction'],
  watchWorkflows: ['states:DescribeExecution', 'states:StopExecution'],
  readSecrets: ['secretsmanager:GetSecretValue'],
  // Whoever reads a secret that an earlier release kept there moves it to the table.
  moveSecrets: [
    'secretsmanager:DescribeSecret',
    'secretsmanager:ListSecretVersionIds',
    'secretsmanager:DeleteSecret',
  ],
  writeSecrets: [
    'secretsmanager:CreateSecret',
    'secretsmanager:TagResource',
    'secretsmanager:PutSecretValue',
    'secretsmanager:DescribeSecret',
    'secretsmanager:UpdateSecretVersionStage',
    'secretsmanager:DeleteSecret',
  ],
  // Whoever seals the first value makes the key.
  makeSealingKey: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
  listSecrets: ['secretsmanager:ListSecrets'],
  readLogs: ['logs:GetLogEvents'],
  writeLogs: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  readImages: [
    'ecr:BatchGetImage',
    'ecr:GetDownloadUrlForLayer',
    'ecr:ListImages',
    'ecr:DescribeImageScanFindings',
  ],
  makeRepositories: [
    'ecr:CreateRepository',
    'ecr:PutLifecyclePolicy',
    'ecr:TagResource',
    'ecr:DeleteRepository',
  ],
  removeImages: ['ecr:BatchDeleteImage'],
  // Gives a tag to what CI pushed without one.
  keepImages: ['ecr:PutImage'],
  build: ['codebuild:StartBuild', 'codebuild:StopBuild', 'codebuild:BatchGetBuilds'],
  endBuilds: ['codebuild:StopBuild'],
  keepSources: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
  // Without it S3 does not tell a missing object from a forbidden one.
  listSources: ['s3:ListBucket'],
  keepAnchors: ['s3:PutObject'],
  listAnchors: ['s3:ListBucket'],
  keepBackups: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
  listBackups: ['s3:ListBucket'],
  findCluster: ['eks:DescribeCluster'],
  // A cluster of another account or region is reached as a role there, whose own trust lets these functions in.
  reachPlaces: ['sts:AssumeRole'],
  makeServers: [
    'rds:CreateDBInstance',
    'rds:AddTagsToResource',
    'rds:DescribeDBInstances',
    'rds:DeleteDBInstance',
    // Of a server that is removed a last snapshot stays.
    'rds:CreateDBSnapshot',
    'rds:DescribeDBSnapshots',
  ],
  // RDS keeps an administrator's password with the rights of the role that makes the server.
  keepServerPasswords: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
  checkServerKey: ['kms:DescribeKey'],
  makeBuckets: [
    's3:CreateBucket',
    's3:DeleteBucket',
    's3:GetBucketTagging',
    's3:PutBucketTagging',
    's3:PutBucketPublicAccessBlock',
    's3:PutEncryptionConfiguration',
    's3:PutLifecycleConfiguration',
    's3:PutBucketPolicy',
    's3:ListBucketVersions',
    's3:ListBucketMultipartUploads',
  ],
  // What programs keep is removed with its bucket, and not read.
  emptyBuckets: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:AbortMultipartUpload'],
  makeQueues: [
    'sqs:CreateQueue',
    'sqs:TagQueue',
    'sqs:ListQueueTags',
    'sqs:GetQueueUrl',
    'sqs:GetQueueAttributes',
    'sqs:SetQueueAttributes',
    'sqs:DeleteQueue',
  ],
  sendMail: ['ses:SendEmail'],
  trace: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
  joinNetwork: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeSubnets',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
} as const satisfies Record<string, readonly string[]>;

/** What may be done with the users of keys: made and given a policy within their boundary alone, and removed. */
export const userActions = {
  bounded: ['iam:CreateUser', 'iam:PutUserPolicy'],
  others: [
    'iam:TagUser',
    'iam:CreateAccessKey',
    'iam:DeleteAccessKey',
    'iam:DeleteUserPolicy',
    'iam:DeleteUser',
  ],
  // IAM finds the path of a user by looking it up. By a path alone it would refuse to tell that there is none.
  reads: ['iam:ListUserTags', 'iam:ListAccessKeys'],
} as const;

/** The users of keys, and what bounds them. */
export interface KeyUsers {
  /** ARNs, with a wildcard. */
  users: string;
  /** ARNs of all users of the account, with a wildcard. */
  allUsers: string;
  /** ARN of a policy. */
  boundary: string;
}

export const userGrants = ({ users, allUsers, boundary }: KeyUsers): Grant[] => {
  const wildcard = 'One a bucket or queue of a program, made at runtime below a path of Berth’s own.';
  return [
    {
      ...grant(userActions.bounded, [users], wildcard),
      conditions: { ArnEquals: { 'iam:PermissionsBoundary': boundary } },
    },
    grant(userActions.others, [users], wildcard),
    grant(
      userActions.reads,
      [allUsers],
      'A user that there is not has no path, and IAM tells who may ask of all users that there is none.',
    ),
  ];
};

/** The resources that permissions are for. */
export interface Things {
  /** The name of the installation. */
  name: string;
  tableArn: string;
  /** Log groups of operations and of workloads, as CloudFormation names them: with `:*`. */
  logGroupArn: string;
  outputLogGroupArn: string;
  buildLogGroupArn: string;
  buildProjectArn: string;
  buildBucketArn: string;
  databaseSecretArn: string;
  auditBucketArn: string;
  backupBucketArn: string;
  clusterName: string;
  /** ARNs of secrets of others that Berth may read. */
  secretSources: string[];
  /** The address that e-mail comes from; nobody may send any where undefined. */
  mailFrom: string | undefined;
  /** Undefined where programs have no buckets and queues. */
  keyUsers: KeyUsers | undefined;
}

const grant = (of: readonly string[], resources: string[], wildcard?: string): Grant => ({
  actions: [...of],
  resources,
  ...(wildcard !== undefined && { wildcard }),
});

/** Names of the roles of places, as functions/hosts/aws/accept-eks.ts takes them. */
const placeRoles = (name: string): string[] => [`${name}-place`, `${name}-place-*`];

/** What Amazon SES may know the sender by: the address itself, its domain, or one above that. */
function sendersOf(mailFrom: string | undefined): string[] {
  if (mailFrom === undefined) return [];
  const labels = mailFrom.slice(mailFrom.indexOf('@') + 1).split('.');
  return [mailFrom, ...labels.slice(1).map((_, at) => labels.slice(at).join('.'))];
}

/** @param stack names region and account */
export function permissions(stack: Stack, things: Things) {
  const arn = (service: string, resource: string, resourceName: string, colon = false): string =>
    stack.formatArn({
      service,
      resource,
      resourceName,
      arnFormat: colon ? ArnFormat.COLON_RESOURCE_NAME : ArnFormat.SLASH_RESOURCE_NAME,
    });
  const { name, tableArn, logGroupArn } = things;
  const machines = workflowNames().map((one) => arn('states', 'stateMachine', `${name}-${one}`, true));
  const executions = workflowNames().map((one) => arn('states', 'execution', `${name}-${one}:*`, true));
  const secrets = [arn('secretsmanager', 'secret', `${name}/*`, true)];
  const repositories = [arn('ecr', 'repository', `${name}/*`)];

  const ofProjects =
    'One a project or service, made at runtime; all of them are Berth’s own, by their prefix.';
  const ofPrograms =
    'One a resource of a program, made at runtime; all of them are Berth’s own, by their prefix.';
  const keyed = keyedArns(stack, name);
  const noResource = 'The service has no resource-level permission for it.';
  const objects = 'Objects are named by uploads and operations.';
  return {
    readTable: [grant(actions.readTable, [tableArn, `${tableArn}/index/${STORE_TABLE.index.name}`])],
    writeTable: [grant(actions.writeTable, [tableArn])],
    sendMail:
      things.mailFrom === undefined
        ? []
        : [
            grant(
              actions.sendMail,
              [
                ...sendersOf(things.mailFrom).map((sender) => arn('ses', 'identity', sender)),
                arn('ses', 'configuration-set', '*'),
              ],
              'An identity may have a configuration set of its own, whose name Berth is not told.',
            ),
          ],
    startWorkflows: [grant(actions.startWorkflows, machines)],
    watchWorkflows: [grant(actions.watchWorkflows, executions, 'Executions are named by their operations.')],
    readSecrets: [
      grant([...actions.readSecrets, ...actions.moveSecrets], secrets, ofProjects),
      ...(things.secretSources.length > 0
        ? [grant(actions.readSecrets, things.secretSources, 'The platform team names them in the settings.')]
        : []),
    ],
    // Its name ends in six characters of Secrets Manager's own.
    readSealingKey: [
      grant(
        actions.readSecrets,
        [arn('secretsmanager', 'secret', `${name}/-key-??????`, true)],
        'Secrets Manager adds six characters to the name.',
      ),
    ],
    makeSealingKey: [
      grant(
        actions.makeSealingKey,
        [arn('secretsmanager', 'secret', `${name}/-key*`, true)],
        'Secrets Manager adds six characters to the name.',
      ),
    ],
    writeSecrets: [grant(actions.writeSecrets, secrets, ofProjects)],
    listSecrets: [grant(actions.listSecrets, ['*'], noResource)],
    readDatabaseSecret: [grant(actions.readSecrets, [things.databaseSecretArn])],
    readLogs: [grant(actions.readLogs, [logGroupArn, things.outputLogGroupArn])],
    // The agent's in the cluster, and no function's.
    sendOutput: [grant(actions.writeLogs, [things.outputLogGroupArn])],
    writeLogs: [grant(actions.writeLogs, [logGroupArn])],
    readImages: [grant(actions.readImages, repositories, ofProjects)],
    makeRepositories: [grant(actions.makeRepositories, repositories, ofProjects)],
    removeImages: [grant(actions.removeImages, repositories, ofProjects)],
    keepImages: [grant(actions.keepImages, repositories, ofProjects)],
    build: [
      grant(actions.build, [things.buildProjectArn]),
      grant(actions.readLogs, [things.buildLogGroupArn]),
    ],
    endBuilds: [grant(actions.endBuilds, [things.buildProjectArn])],
    keepSources: [
      grant(actions.keepSources, [`${things.buildBucketArn}/*`], objects),
      grant(actions.listSources, [things.buildBucketArn]),
    ],
    keepAnchors: [
      grant(
        actions.keepAnchors,
        [`${things.auditBucketArn}/anchors/*`],
        'Objects are named by projects and hashes.',
      ),
    ],
    listAnchors: [grant(actions.listAnchors, [things.auditBucketArn])],
    keepBackups: [
      grant(
        actions.keepBackups,
        [`${things.backupBucketArn}/backups/*`],
        'Objects are named by projects and backups.',
      ),
      grant(actions.listBackups, [things.backupBucketArn]),
    ],
    makeServers: [
      grant(
        actions.makeServers,
        [
          arn('rds', 'db', `${name}-*`, true),
          arn('rds', 'snapshot', `${name}-*`, true),
          arn('rds', 'subgrp', dedicatedSubnets(name), true),
          // The parameter group that RDS gives to a server that names none.
          arn('rds', 'pg', 'default.postgres17', true),
          arn('rds', 'og', 'default:postgres-17', true),
        ],
        'One a resource of class dedicated, made at runtime; all of them are Berth’s own, by their prefix.',
      ),
      grant(
        actions.keepServerPasswords,
        [arn('secretsmanager', 'secret', 'rds!db-*', true)],
        'RDS names them by the server, and makes each with its server.',
      ),
      {
        ...grant(
          actions.readSecrets,
          [arn('secretsmanager', 'secret', 'rds!db-*', true)],
          'RDS names them by an id that it makes up; of which server each is, its tag says.',
        ),
        conditions: {
          StringLike: {
            'aws:ResourceTag/aws:rds:primaryDBInstanceArn': arn('rds', 'db', `${name}-*`, true),
          },
        },
      },
      {
        ...grant(
          actions.checkServerKey,
          [arn('kms', 'key', '*')],
          'The account’s own key of the service has no fixed id.',
        ),
        conditions: { StringEquals: { 'kms:ViaService': `rds.${stack.region}.amazonaws.com` } },
      },
    ],
    makeBucketsAndQueues: things.keyUsers
      ? [
          { ...grant(actions.makeBuckets, [keyed.bucket], ofPrograms), conditions: inRegion(stack) },
          { ...grant(actions.emptyBuckets, [`${keyed.bucket}/*`], ofPrograms), conditions: inRegion(stack) },
          grant(actions.makeQueues, [keyed.queue], ofPrograms),
          ...userGrants(things.keyUsers),
        ]
      : [],
    findCluster: [
      grant(actions.findCluster, [arn('eks', 'cluster', things.clusterName)]),
      grant(
        actions.reachPlaces,
        placeRoles(name).map((role) => `arn:${stack.partition}:iam::*:role/${role}`),
        'Places are added at runtime, in accounts that are not known here; each role there names who may take it on.',
      ),
    ],
    joinNetwork: [
      {
        ...grant(actions.joinNetwork, ['*'], 'Lambda checks for all network interfaces, not for its own.'),
        // Lambda itself needs these before the function runs; the function's code may not use them.
        conditions: { Null: { 'lambda:SourceFunctionArn': 'true' } },
      },
    ],
  };
}

export type Permissions = ReturnType<typeof permissions>;
