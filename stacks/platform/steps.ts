/** The functions that run the steps of workflows: one program, three roles. */
import { ArnFormat, Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { FUNCTION_MB } from '../../functions/core/function-memory.ts';
import { declaredSteps, isStepName, kindNames, recoveryOf } from '../../functions/core/operations/index.ts';
import type { StepFunction } from '../../functions/core/operations/operation-kind.ts';
import { BerthFunction } from '../support/function.ts';
import { actions, type Permissions } from '../support/permissions.ts';
import type { Grant } from '../support/role.ts';

export interface StepsProps {
  environment: Record<string, string>;
  permissions: Permissions;
  boundary?: IManagedPolicy;
  /** The network of the database; without it the database is reached by a public address. */
  databaseVpc?: ec2.IVpc;
  /** The network of a private cluster. */
  clusterVpc?: ec2.IVpc;
  /** TCP ports beside 443 that are reached from a network. */
  ports: readonly number[];
}

export class Steps extends Construct implements Record<StepFunction, BerthFunction> {
  readonly workloads: BerthFunction;
  readonly resources: BerthFunction;
  readonly builds: BerthFunction;

  constructor(scope: Construct, id: string, props: StepsProps) {
    super(scope, id);
    const { environment, boundary, databaseVpc, clusterVpc, ports, permissions: may } = props;
    const vpc = databaseVpc ?? clusterVpc;
    const common = {
      entry: 'steps',
      environment,
      ports,
      ...(boundary && { boundary }),
      // As long as Lambda allows: a call waits for a minute, but what it does in between may take longer.
      timeout: Duration.minutes(15),
      traced: true,
    };
    const records = [...may.readTable, ...may.writeTable, ...may.keepAnchors];
    this.workloads = new BerthFunction(this, 'Workloads', {
      ...common,
      description: 'Steps that run workloads on the cluster.',
      memory: FUNCTION_MB.workloads,
      ...(clusterVpc && { vpc: clusterVpc }),
      statements: [
        ...(clusterVpc ? may.joinNetwork : []),
        ...records,
        ...may.readSecrets,
        // What a workload is given is sealed, and may be the first that is.
        ...may.makeSealingKey,
        ...may.readImages,
        ...may.writeLogs,
        // A command that is looked at again goes on behind the lines that its log has.
        ...may.readLogs,
        ...may.findCluster,
      ],
    });
    this.resources = new BerthFunction(this, 'Resources', {
      ...common,
      description: 'Steps that make and remove databases, secrets and volumes.',
      memory: FUNCTION_MB.resources,
      ...(vpc && { vpc }),
      statements: [
        ...records,
        // Whoever uses what was rotated is deployed once more.
        ...may.startWorkflows,
        ...may.readSecrets,
        ...may.writeSecrets,
        ...may.listSecrets,
        ...may.readDatabaseSecret,
        ...may.keepBackups,
        ...may.makeBucketsAndQueues,
        ...may.writeLogs,
        ...may.readLogs,
        ...may.findCluster,
        ...(vpc ? may.joinNetwork : []),
        ...(databaseVpc ? may.makeServers : []),
      ],
    });
    this.builds = new BerthFunction(this, 'Builds', {
      ...common,
      description: 'Steps that build images.',
      memory: FUNCTION_MB.builds,
      statements: [
        ...records,
        ...may.build,
        ...may.keepSources,
        ...may.readImages,
        // A build may make what a version was that has just gone.
        ...may.keepImages,
        ...may.writeLogs,
      ],
    });
  }

  /** By what a function finds those that run steps: their ARNs, those for workloads, resources and builds in turn. */
  addresses(): { BERTH_STEP_FUNCTIONS: string } {
    return { BERTH_STEP_FUNCTIONS: [this.workloads, this.resources, this.builds].map(arnOf).join(',') };
  }

  /** The right to put operations back, outside of their workflows. */
  recoveries(): Grant {
    const functions = new Set(kindNames.map((kind) => this.functionOf(recoveryOf(kind))));
    return {
      actions: [...actions.runSteps],
      // One by one they would take a fourth of the size that a policy may have.
      resources: [...functions].map((one) => `${arnOf(one)}:${RECOVERIES}`),
      wildcard: 'The aliases of recoveries, one for each kind of operation.',
    };
  }

  /** The function that runs a step. @throws Error when no kind of operation has such a step */
  functionOf(step: string): BerthFunction {
    if (!isStepName(step)) throw new Error(`There is no step "${step}"`);
    return this[declaredSteps[step].runsOn];
  }
}

/** The aliases of recoveries: each is named by its step. */
const RECOVERIES = 'recover*';

/** For other stacks: made of the name, which each function exports. */
const arnOf = ({ function: { stack }, importedName }: BerthFunction): string =>
  stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: importedName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
