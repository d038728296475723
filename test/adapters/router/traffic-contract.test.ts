import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createActivity } from '../../../functions/adapters/local/activity/activity.ts';
import { createRouter } from '../../../functions/adapters/router/router.ts';
import { type TracksSubject, tracksContract } from '../../contracts/tracks.ts';
import { trafficContract } from '../../contracts/traffic.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { makeLocalSubject } from '../processes/subject.ts';

const temporary = temporaryDirectories();

async function makeSubject(): Promise<TracksSubject> {
  const { workloads, traffic, image, close } = await makeLocalSubject(temporary());
  const activity = createActivity({ effects: { now: Date.now } });
  const router = createRouter({
    traffic,
    activity,
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
    counts: activity.counts,
    front: { hostname: '127.0.0.1', port },
    async close() {
      front.closeAllConnections();
      front.close();
      router.close();
      await activity.close();
      await close();
    },
  };
}

trafficContract('the router of one machine', makeSubject, {
  drainSeconds: 10,
  rollouts: 2,
  isDuplex: true,
  client: /^127\.0\.0\.1$/,
});
tracksContract('the router of one machine', makeSubject);
