import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouter } from '../../../functions/adapters/router/router.ts';
import { trafficContract } from '../../contracts/traffic.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { makeLocalSubject } from '../processes/subject.ts';

const temporary = temporaryDirectories();

trafficContract(
  'the router of one machine',
  async () => {
    const { workloads, traffic, image, close } = await makeLocalSubject(temporary());
    const router = createRouter({
      traffic,
      activity: { record: () => undefined },
      fallback: (_, response) => response.end('berth'),
      wake: async () => 'waking',
      lookup: async () => 'absent',
    });
    const front = createServer({ shouldUpgradeCallback: (request) => router.upgrades(request) });
    front.on('request', router.request);
    front.on('upgrade', router.upgrade);
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const { port } = front.address() as AddressInfo;
    return {
      workloads,
      image,
      front: { hostname: '127.0.0.1', port },
      async close() {
        front.closeAllConnections();
        front.close();
        router.close();
        await close();
      },
    };
  },
  { drainSeconds: 10, rollouts: 2, isDuplex: true, client: /^127\.0\.0\.1$/ },
);
