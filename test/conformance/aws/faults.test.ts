/** Faults of a network and a busy AWS, injected at the HTTP level: nothing is made twice, nothing is lost. */
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { ListSecretVersionIdsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from 'vitest';
import { createEcrRegistry } from '../../../functions/adapters/aws/registry.ts';
import { countRequests, secretsManagerPricing } from '../../../functions/adapters/aws/sdk-meter.ts';
import { createSecretsManager } from '../../../functions/adapters/aws/secrets/secrets-manager.ts';
import { createStepFunctions } from '../../../functions/adapters/aws/workflows/workflows.ts';
import { createMeter, withMeter } from '../../../functions/ports/meter.ts';
import { awsError, type FaultProxy, type Outcome, startProxy } from '../support/faults.ts';
import { clientOptions, withMoto } from './support.ts';

const TRANSIENT = { name: 'Berth.Transient' };
const FAULTS: [string, Outcome][] = [
  ['a throttle', awsError(400, 'ThrottlingException')],
  ['an expired token', awsError(400, 'ExpiredTokenException')],
  ['an error of AWS', awsError(500, 'InternalServiceError')],
  ['a lost connection', 'cut'],
];

await withMoto((url) => {
  let proxy: FaultProxy | undefined;
  afterEach(() => proxy?.stop());

  /** Lets the first requests of these actions meet their outcomes, one after the other, and the rest pass. */
  async function faulty(outcomes: Record<string, Outcome[]>): Promise<ReturnType<typeof clientOptions>> {
    proxy = await startProxy(url, ({ action }) => outcomes[action]?.shift() ?? 'forward');
    return clientOptions(proxy.url);
  }
  const always = (outcome: Outcome): Outcome[] => Array.from({ length: 50 }, () => outcome);

  describe('Secrets', () => {
    const versions = async (name: string): Promise<number> => {
      const client = new SecretsManagerClient(clientOptions(url()));
      const command = new ListSecretVersionIdsCommand({ SecretId: name, IncludeDeprecated: true });
      const found = await client.send(command);
      client.destroy();
      return found.Versions?.length ?? 0;
    };

    it('are made once, though the answer was lost', async () => {
      const client = new SecretsManagerClient(
        await faulty({ CreateSecret: ['lose'], PutSecretValue: ['forward', 'lose', 'forward', 'lose'] }),
      );
      const secrets = createSecretsManager({ client, prefix: 'lost' });
      await secrets.put('demo/dev/env/A', 'one');
      await secrets.put('demo/dev/env/A', 'two');
      expect(await secrets.get('demo/dev/env/A')).toBe('two');
      expect(await versions('lost/demo/dev/env/A')).toBe(2);
    });

    it('are kept, though AWS does not know of the secret a moment after it was made', async () => {
      const unknown = awsError(400, 'ResourceNotFoundException');
      const client = new SecretsManagerClient(
        await faulty({ PutSecretValue: ['forward', unknown, unknown] }),
      );
      const secrets = createSecretsManager({ client, prefix: 'late' });
      await secrets.put('demo/dev/env/A', 'one');
      await secrets.put('demo/dev/env/A', 'two');
      expect(await secrets.get('demo/dev/env/A')).toBe('two');
    });

    it('can be made again while AWS is still deleting one of that name', async () => {
      const deleting = awsError(400, 'InvalidRequestException');
      const client = new SecretsManagerClient(
        await faulty({ CreateSecret: [deleting, deleting], PutSecretValue: [deleting] }),
      );
      const secrets = createSecretsManager({ client, prefix: 'deleting' });
      await secrets.put('demo/dev/env/A', 'one');
      expect(await secrets.get('demo/dev/env/A')).toBe('one');
    });

    it('say that another day is needed when AWS keeps no more versions', async () => {
      // The SDK takes it for a throttle and tries three times.
      const limit = awsError(400, 'LimitExceededException');
      const client = new SecretsManagerClient(
        await faulty({ PutSecretValue: ['forward', ...Array.from({ length: 3 }, () => limit)] }),
      );
      const secrets = createSecretsManager({ client, prefix: 'limit' });
      await secrets.put('demo/dev/env/A', 'one');
      await expect(secrets.put('demo/dev/env/A', 'two')).rejects.toMatchObject({ code: 'too_many_requests' });
      expect(await secrets.get('demo/dev/env/A')).toBe('one');
    });

    it.each(FAULTS)('%s that stays is worth another try, and nothing less', async (_, outcome) => {
      const client = new SecretsManagerClient(
        await faulty({ GetSecretValue: always(outcome), PutSecretValue: always(outcome) }),
      );
      const secrets = createSecretsManager({ client, prefix: 'fault' });
      await expect(secrets.put('demo/dev/env/A', 'one')).rejects.toMatchObject(TRANSIENT);
      await expect(secrets.get('demo/dev/env/A')).rejects.toMatchObject(TRANSIENT);
    });

    it('a refusal stays a refusal', async () => {
      const client = new SecretsManagerClient(
        await faulty({ GetSecretValue: always(awsError(400, 'AccessDeniedException')) }),
      );
      const secrets = createSecretsManager({ client, prefix: 'fault' });
      await expect(secrets.get('demo/dev/env/A')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    });
  });

  it('The meter counts each try of a request, as the bill does', async () => {
    const now = () => 0;
    const counted = async (work: () => Promise<unknown>) => {
      const meter = createMeter({ now });
      await withMeter(meter, work);
      return meter.read();
    };
    const settings = await faulty({ CreateSecret: ['lose'] });
    const client = countRequests(new SecretsManagerClient(settings), secretsManagerPricing);
    const secrets = createSecretsManager({ client, prefix: 'meter' });
    // One that finds no secret, and two that make it, as the first of these was lost.
    const put = () => secrets.put('demo/dev/env/A', 'one');
    expect(await counted(put)).toEqual({ 'secretsmanager.request': 3 });
    const get = () => secrets.get('demo/dev/env/A');
    expect(await counted(get)).toEqual({ 'secretsmanager.request': 2 });
  });

  describe('Workflows', () => {
    const machine = async (): Promise<string> => {
      const client = new SFNClient(clientOptions(url()));
      const definition = { StartAt: 'End', States: { End: { Type: 'Succeed' } } };
      const made = await client.send(
        new CreateStateMachineCommand({
          name: 'faults',
          definition: JSON.stringify(definition),
          roleArn: 'arn:aws:iam::123456789012:role/steps',
        }),
      );
      client.destroy();
      return made.stateMachineArn ?? '';
    };

    // Nothing here runs a step outside of a workflow.
    const runStep = () => Promise.reject(new Error('not part of this suite'));

    it('are started once, though the answer was lost, and again where AWS says that it was done', async () => {
      const stateMachineArn = await machine();
      const client = new SFNClient(
        await faulty({ StartExecution: ['lose', 'forward', awsError(400, 'ExecutionAlreadyExists')] }),
      );
      const workflows = createStepFunctions({ client, stateMachineArn: () => stateMachineArn, runStep });
      await workflows.start('deploy', 'lost', { operation: 'lost' });
      await workflows.start('deploy', 'lost', { operation: 'other' });
      const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
      expect(executions?.map(({ name }) => name)).toEqual(['lost']);
    });

    it.each(FAULTS)('%s that stays is worth another try', async (_, outcome) => {
      const stateMachineArn = await machine();
      const client = new SFNClient(await faulty({ StartExecution: always(outcome) }));
      const workflows = createStepFunctions({ client, stateMachineArn: () => stateMachineArn, runStep });
      await expect(workflows.start('deploy', 'fault', {})).rejects.toMatchObject(TRANSIENT);
    });
  });

  describe('The registry', () => {
    it('makes a repository once, though the answer was lost, whose tags can not move', async () => {
      const client = new ECRClient(await faulty({ CreateRepository: ['lose'], DeleteRepository: ['lose'] }));
      const registry = createEcrRegistry({ client, registryId: '123456789012', prefix: 'berth' });
      const repository = { project: 'faults', service: 'web' };
      await registry.ensureRepository(repository);
      const { repositories = [] } = await client.send(new DescribeRepositoriesCommand({}));
      expect(repositories).toMatchObject([
        {
          repositoryName: 'berth/faults/web',
          imageTagMutability: 'IMMUTABLE',
          imageScanningConfiguration: { scanOnPush: true },
        },
      ]);
      await registry.removeRepository(repository);
      expect((await client.send(new DescribeRepositoriesCommand({}))).repositories).toEqual([]);
    });

    it.each(FAULTS)('%s that stays is worth another try', async (_, outcome) => {
      const client = new ECRClient(await faulty({ BatchGetImage: always(outcome) }));
      const registry = createEcrRegistry({ client, registryId: '123456789012', prefix: 'berth' });
      const asked = registry.resolve({ project: 'faults', service: 'web' }, 'v1');
      await expect(asked).rejects.toMatchObject(TRANSIENT);
    });
  });
});
