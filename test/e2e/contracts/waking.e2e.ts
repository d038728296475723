/** The waking contract over the router of one machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { wakingContract } from '../../contracts/traffic/waking.ts';
import { programs } from '../../contracts/workloads/workload-programs.ts';
import { startBerth } from '../../support/berth.ts';
import { archive } from '../../support/programs.ts';

const PROJECT = '/v1/projects/demo';
const score = `apiVersion: score.dev/v1b1
metadata: {name: web}
service: {ports: {www: {port: 80, targetPort: 8080}}}
containers: {web: {image: ., variables: {ANSWER: one}}}
`;

wakingContract(
  'the router of one machine',
  async () => {
    const berth = await startBerth();
    const deploy = async (source: string): Promise<void> => {
      const files = {
        'package.json': '{"name": "web", "scripts": {"start": "node main.mjs"}}',
        'main.mjs': source,
        'score.yaml': score,
      };
      const built = await berth.operation('POST', `${PROJECT}/services/web/builds`, await archive(files));
      expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
      const deployed = await berth.operation('POST', `${PROJECT}/environments/dev/services/web/deployments`, {
        version: built.result?.version,
      });
      expect(deployed, JSON.stringify(deployed.error)).toMatchObject({ status: 'succeeded' });
    };
    await berth.api('POST', '/v1/projects', { name: 'demo' });
    await berth.api('POST', `${PROJECT}/services`, { name: 'web' });
    await berth.operation('POST', `${PROJECT}/environments`, { name: 'dev' });
    await deploy(programs.server);
    return {
      berth,
      front: { hostname: '127.0.0.1', port: Number(new URL(berth.url).port) },
      host: 'web.dev.demo.localhost',
      async deployBrittle() {
        const until = Date.now() + 10_000;
        const guard = `if (Date.now() > ${until}) { console.error('Error: no anchor'); process.exit(3); }\n`;
        await deploy(guard + programs.server);
        await sleep(Math.max(0, until - Date.now()));
      },
      close: () => berth.close(),
    };
  },
  { storm: 200, wakes: 20, failsWith: 502 },
);
