import { affinityContract } from '../../contracts/traffic/affinity.ts';
import { trafficContract } from '../../contracts/traffic/traffic.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { makeRouterSubject } from './subject.ts';

const temporary = temporaryDirectories();

trafficContract('the router of one machine', () => makeRouterSubject(temporary()), {
  drainSeconds: 10,
  rollouts: 2,
  isDuplex: true,
  unreadable: { status: 502, saysWhy: true },
  client: /^127\.0\.0\.1$/,
});

affinityContract('the router of one machine', () => makeRouterSubject(temporary()));
