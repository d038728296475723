/** The idle bill of the control plane as a table of docs/explanation/cost.md. */
import { isBeside } from '../../stacks/berth.ts';
import type { Template } from '../../stacks/synthesize.ts';
import { idleBill, readPrices } from '../idle-bill.ts';
import { table } from './table.ts';

const words: Record<string, string> = {
  'scheduler.invocation': 'Scheduler: the sweep, each minute',
  'lambda.request': 'Lambda: calls of the sweep',
  'lambda.gbSecondArm': 'Lambda: the sweep, 0.1 s of its memory, GB-seconds',
  'dynamodb.readRequestUnit': 'DynamoDB: four queries of the index a sweep, read units',
  'logs.gbIngested': 'CloudWatch Logs: a sweep’s own lines, GB',
  'cloudwatch.alarm': 'CloudWatch: alarms',
};

const dollars = (usd: number): string => usd.toFixed(2);

export function idleBillText(templates: Record<string, Template>): string {
  const list = readPrices();
  const control = Object.entries(templates).filter(([name]) => !isBeside(name));
  const bill = idleBill(
    control.map(([, template]) => template),
    list,
  );
  const rows = Object.entries(bill.usage).map(([unit, amount]) => {
    const what = words[unit];
    if (what === undefined) throw new Error(`What ${unit} is for is not said in scripts/docs/cost.ts`);
    const units = amount.toLocaleString('en', { maximumFractionDigits: 2 });
    return [what, units, dollars(amount * list.prices[unit]!)];
  });
  const free = Object.keys(bill.usage).filter((unit) => list.allowances[unit] !== undefined);
  return [
    table(['', 'a month', 'USD'], [...rows, ['', '', `**${dollars(bill.usdWithoutAllowances)}**`]]),
    '',
    `Of ${free.length} of these, AWS gives every account an allowance for nothing each month: in an account that has it`,
    `left, the control plane costs **$${dollars(bill.usd)}** a month while idle.`,
  ].join('\n');
}
