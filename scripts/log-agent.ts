/**
 * Prints the objects of the agent that keeps what workloads print, for the cluster of a place:
 * `npx node scripts/log-agent.ts --name berth --region eu-central-1 --log-group … | kubectl apply -f -`.
 */
import { parseArgs } from 'node:util';
import { logAgentObjects } from '../stacks/place/log-agent-objects.ts';
import { settingsOf } from './doctor/index.ts';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'berth' },
    region: { type: 'string' },
    'log-group': { type: 'string' },
    image: { type: 'string' },
  },
});
const { name, region, 'log-group': logGroup } = values;
if (region === undefined || logGroup === undefined) {
  console.error(
    'Usage: npx node scripts/log-agent.ts [--name berth] --region <region> --log-group <group> [--image <image>]',
  );
  process.exit(2);
}
const image = values.image ?? settingsOf([]).logAgentImage;
const items = logAgentObjects({ name, region, logGroup, image });
console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 2));
