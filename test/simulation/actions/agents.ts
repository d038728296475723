/** Agents: what they would change is planned first, and done once. */
import { type Action, type Actor, choose } from './action.ts';

const HEADERS = { accept: 'application/json, text/event-stream' };

/** Calls a tool. @returns the text that it answers */
async function use({ client }: Actor, name: string, given: Record<string, unknown>): Promise<string> {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } };
  const told = await client.ask('POST', '/mcp', body, { headers: HEADERS });
  return told?.text ?? '';
}

export const agents: Action[] = [
  [
    3,
    async (actor) => {
      const { random } = actor.world;
      const { project, environment, service } = choose(actor);
      const change = random.pick(['deploy', 'restart', 'scale', 'wake']);
      const names = {
        project,
        environment,
        ...(change !== 'wake' && { service }),
        ...(change === 'deploy' && { version: random.pick(['good', 'also-good']) }),
        ...(change === 'scale' && { replicas: 1 + random.below(3) }),
      };
      const planned = await use(actor, 'plan_change', { change, with: names });
      const plan = /Plan ([0-9A-Z]{26})/.exec(planned)?.[1];
      if (plan === undefined) return;
      const first = await use(actor, 'apply_change', { plan });
      // It may have got no answer; whoever was answered is answered no second time with another operation.
      const again = await use(actor, 'apply_change', { plan });
      const operationIn = (text: string) => /\\"id\\":\\"([0-9A-Z]{26})\\"/.exec(text)?.[1];
      if (operationIn(first) !== undefined && operationIn(again) !== undefined)
        actor.world.violate(`I2: plan ${plan} of an agent was made twice`);
    },
  ],
];
