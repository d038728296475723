/**
 * P3, P6 and P7: the amounts that AWS would charge for. They are counted and not timed, but for the CPU of a request.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { idleBill, readPrices } from '../scripts/idle-bill.ts';
import { isBeside } from '../stacks/berth.ts';
import { synthesize } from '../stacks/synthesize.ts';

type Add = (figure: string, value: number, unit: string, goal: string) => void;

export async function requestFigures(add: Add): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, 'requests.main.ts'),
  ]);
  const figures = JSON.parse(stdout) as Record<string, number>;
  add('P3 CPU of a warm request, administrator', figures.cpu!, 'us', '<= 80 us');
  add('P3 CPU of a warm request, member in five groups', figures.cpuOfMember!, 'us', '<= 80 us');
  add('P3 CPU of a warm request, token of that member', figures.cpuOfToken!, 'us', '<= 80 us');
  add('P3 CPU of a list of 50 services', figures.cpuOfList!, 'us', '');
  add('P6 read units: get a service', figures.get!, 'RRU', '<= 1');
  for (const kind of ['services', 'environments', 'deployments'])
    add(`P6 read units: list of 50 ${kind}`, figures[kind]!, 'RRU', '<= 2');
}

export function idleFigures(add: Add): void {
  const templates = Object.entries(synthesize().templates)
    .filter(([name]) => !isBeside(name))
    .map(([, template]) => template);
  const { usd, usdWithoutAllowances } = idleBill(templates, readPrices());
  add('P7 control plane idle, a month', usd, 'USD', '<= 0.15');
  add('P7 the same with allowances used up', usdWithoutAllowances, 'USD', '<= 0.15');
}
