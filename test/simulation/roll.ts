/** Deploys anew what an older version of the recipe made, as `berth recipes roll` does. */
import { isTerminal, type RunStatus } from '../../functions/core/model/index.ts';
import type { Told } from './clients.ts';
import { type Ask, projectPath, RECIPE_PATH } from './setting.ts';
import { pause } from './world.ts';

export interface Use {
  project: string;
  environment: string;
  service: string;
  state: 'runs' | 'sleeps' | 'stopped';
  number: number;
  serviceVersion: string;
  version: number;
  problems: unknown[];
}

export interface Uses {
  /** Of the recipe. */
  version: number;
  items: Use[];
}

/** What is told of one service: the deployment that succeeded, and what made it. */
export interface Rolled {
  name: string;
  /** The path of its service in the environment. */
  of: string;
  number: number;
  /** The deployment that served before. */
  before: number;
  /** The newest version of the recipe when the roll began. */
  wanted: number;
  /** By which the deployment says that it was made. */
  made: number | undefined;
}

export const readUses = async (ask: Ask): Promise<Uses | undefined> => {
  const told = await ask('GET', `${RECIPE_PATH}/uses`);
  return told?.status === 200 ? (told.body as unknown as Uses) : undefined;
};

/** @returns what it is told to have deployed */
export async function roll(ask: Ask): Promise<Rolled[]> {
  const uses = await readUses(ask);
  const older = uses?.items.filter(
    ({ state, version, problems }) => state === 'runs' && version < uses.version && problems.length === 0,
  );
  const rolled: Rolled[] = [];
  for (const use of older ?? []) {
    const one = await rollOne(ask, use, uses?.version ?? 0);
    if (one) rolled.push(one);
  }
  return rolled;
}

async function rollOne(ask: Ask, use: Use, wanted: number): Promise<Rolled | undefined> {
  const { project, environment, service, serviceVersion: version } = use;
  const of = `${projectPath(project)}/environments/${environment}/services/${service}`;
  const now = await ask('GET', of);
  // It was deployed meanwhile, and is left as it is.
  if ((now?.body.current as { number: number } | undefined)?.number !== use.number) return undefined;
  const started = await ask('POST', `${of}/deployments`, { version });
  if (started?.status !== 202 || started.body.approval) return undefined;
  const ended = await endOf(ask, String(started.body.id));
  if (ended?.body.status !== 'succeeded') return undefined;
  const number = Number(started.body.number);
  const deployed = await ask('GET', `${of}/deployments/${number}`);
  if (deployed?.status !== 200) return undefined;
  const pins = Object.values((deployed.body.recipes ?? {}) as Record<string, { version: number }>);
  const name = `${project}/${environment}/${service}`;
  return { name, of, number, before: use.number, wanted, made: pins[0]?.version };
}

/** As long as somebody waits for it. */
async function endOf(ask: Ask, operation: string): Promise<Told | undefined> {
  for (let looks = 0; looks < 20; looks++) {
    const told = await ask('GET', `/v1/operations/${operation}`);
    if (told !== undefined && isTerminal(told.body.status as RunStatus)) return told;
    await pause(15_000);
  }
  return undefined;
}
