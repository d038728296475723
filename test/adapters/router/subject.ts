/** The router of one machine before real processes, for the contracts of traffic. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createActivity } from '../../../functions/adapters/local/activity/activity.ts';
import { createRouter } from '../../../functions/adapters/router/router.ts';
import { answerWithProblems, serverOptions } from '../../../functions/hosts/machine/unreadable-requests.ts';
import type { TracksSubject } from '../../contracts/workloads/tracks.ts';
import { makeLocalSubject } from '../processes/subject.ts';

export async function makeRouterSubject(directory: string): Promise<TracksSubject> {
  const { workloads, traffic, image, close } = await makeLocalSubject(directory);
  const activity = createActivity({ effects: { now: Date.now } });
  const router = createRouter({
    traffic,
    activity,
    fallback: (_, response) => response.end('berth'),
    wake: async () => 'waking',
    lookup: async () => 'absent',
  });
  const front = createServer({
    ...serverOptions,
    shouldUpgradeCallback: (request) => router.upgrades(request),
  });
  answerWithProblems(front);
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
