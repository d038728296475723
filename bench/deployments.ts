/** The time that Berth adds to a deployment and to a rollback, beyond what the program itself takes to be ready. */
import type { Cost, Unit } from '../functions/core/units.ts';
import { createClient } from '../functions/hosts/machine/demo/demo-client.ts';
import { getJson, median, p99 } from './client.ts';
import type { BerthProcess } from './server.ts';

type Add = (figure: string, value: number, unit: string, goal: string) => void;

const SERVICE = '/v1/projects/demo/environments/dev/services/guestbook';

interface Operation {
  cost: Cost;
  createdAt: string;
  endedAt: string;
  steps: { name: string; startedAt: string }[];
}

/** Deploys and rolls back the demo's guestbook twenty times each. */
export async function deploymentFigures(berth: BerthProcess, add: Add): Promise<void> {
  const { authorization } = await berth.headers();
  const client = createClient({ url: berth.url, token: authorization!.replace('Bearer ', '') });
  for (const [what, body, goal, transitions] of [
    ['deployment', { version: '2.0.0' }, '<= 100 ms', '<= 6'],
    ['rollback', { rollbackTo: 1 }, '<= 100 ms', '<= 4'],
  ] as const) {
    const isDeployment = what === 'deployment';
    const costs: Cost[] = [];
    const added: number[] = [];
    const whole: number[] = [];
    for (let run = 0; run < 20; run++) {
      const { number } = await client.operation(`${SERVICE}/deployments`, body);
      const deployment = (await getJson(berth, `${SERVICE}/deployments/${number}`)) as { operation: string };
      const operation = (await getJson(
        berth,
        `/v1/operations/${deployment.operation}`,
      )) as unknown as Operation;
      const total = Date.parse(operation.endedAt) - Date.parse(operation.createdAt);
      costs.push(operation.cost);
      whole.push(total);
      added.push(total - programMs(operation));
    }
    add(`${what}: whole, median of 20`, median(whole), 'ms', '');
    add(`${isDeployment ? 'P9' : 'P10'} ${what}: added by Berth, p99 of 20`, p99(added), 'ms', goal);
    const of = (unit: Unit): number => median(costs.map(({ units }) => units[unit] ?? 0));
    add(`P4 transitions: ${what}`, of('states.transition'), '', transitions);
    add(`P5 ${what}`, median(costs.map(({ usd }) => usd)), 'USD', isDeployment ? '<= 0.00015' : '');
    add(`P6 write units: ${what}`, of('dynamodb.writeRequestUnit'), 'WRU', isDeployment ? '<= 16' : '');
    add(`P6 read units: ${what}`, of('dynamodb.readRequestUnit'), 'RRU', isDeployment ? '<= 20' : '');
  }
}

/** Goes back and forth between two versions, of which the one that does not serve is warm: no program is started. */
export async function instantRollbackFigures(berth: BerthProcess, add: Add): Promise<void> {
  const { authorization } = await berth.headers();
  const client = createClient({ url: berth.url, token: authorization!.replace('Bearer ', '') });
  const whole: number[] = [];
  for (let run = -2; run < 20; run++) {
    const { number } = await client.operation(`${SERVICE}/deployments`, { rollbackTo: 1 + (run & 1) });
    const deployment = (await getJson(berth, `${SERVICE}/deployments/${number}`)) as { operation: string };
    const operation = (await getJson(
      berth,
      `/v1/operations/${deployment.operation}`,
    )) as unknown as Operation;
    // The first two start what the runs before them have ended.
    if (run >= 0) whole.push(Date.parse(operation.endedAt) - Date.parse(operation.createdAt));
  }
  add('P10 rollback to what is warm: whole, median of 20', median(whole), 'ms', '<= 50 ms');
  add('P10 rollback to what is warm: whole, p99 of 20', p99(whole), 'ms', '');
}

/** The program's own part: its release command, and its start until it is ready. */
function programMs({ steps, endedAt }: Operation): number {
  const endOf = (index: number): number => Date.parse(steps[index + 1]?.startedAt ?? endedAt);
  return steps.reduce((sum, step, index) => {
    const isProgram = step.name === 'runRelease' || step.name === 'awaitRollout';
    return isProgram ? sum + endOf(index) - Date.parse(step.startedAt) : sum;
  }, 0);
}
