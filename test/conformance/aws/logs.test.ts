/** Logs over CloudWatch Logs, as moto has it. */
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { expect, it } from 'vitest';
import { createCloudWatchLogs } from '../../../functions/adapters/aws/logs/logs.ts';
import { logsContract } from '../../contracts/logs/logs.ts';
import { awsError, startProxy } from '../support/faults.ts';
import { clientOptions, withMoto } from './support.ts';

await withMoto((url) => {
  logsContract('CloudWatch Logs', async () => {
    const client = new CloudWatchLogsClient(clientOptions(url()));
    await client.send(new CreateLogGroupCommand({ logGroupName: 'berth' }));
    const logs = createCloudWatchLogs({ client, group: 'berth', delayMs: 20, pollMs: 100, lateMs: 200 });
    return {
      logs,
      async dispose() {
        await logs.close();
        client.destroy();
      },
    };
  });

  it('gives a line once, whose sending timed out after the effect or was throttled', async () => {
    let puts = 0;
    const proxy = await startProxy(url, ({ action }) => {
      if (action !== 'PutLogEvents') return 'forward';
      puts++;
      return puts === 2 ? 'lose' : puts === 4 ? awsError(400, 'ThrottlingException') : 'forward';
    });
    const client = new CloudWatchLogsClient(clientOptions(proxy.url));
    const logs = createCloudWatchLogs({ client, group: 'berth', delayMs: 20 });
    const stream = 'faults/dev/web';
    const at = new Date().toISOString();
    for (const message of ['one', 'two', 'three']) {
      logs.append(stream, { at, message, source: 'stdout' });
      await logs.flush();
    }
    const lines = await logs.read(stream, { tail: 10 });
    expect(lines.map(({ message }) => message)).toEqual(['one', 'two', 'three']);
    expect(puts).toBeGreaterThan(4);
    client.destroy();
    await proxy.stop();
  });

  it('tells of lines that it has to drop, and goes on', async () => {
    const proxy = await startProxy(url, ({ action }) =>
      action === 'PutLogEvents' ? awsError(400, 'AccessDeniedException') : 'forward',
    );
    const client = new CloudWatchLogsClient(clientOptions(proxy.url));
    const dropped: number[] = [];
    const logs = createCloudWatchLogs({
      client,
      group: 'berth',
      onDrop: (_stream, lines) => dropped.push(lines),
    });
    logs.append('faults/dev/worker', { at: new Date().toISOString(), message: 'x', source: 'stdout' });
    await logs.close();
    expect(dropped).toEqual([1]);
    client.destroy();
    await proxy.stop();
  });
});
