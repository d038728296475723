/** What an environment costs in a month at the list prices, a line for each thing that is paid for. */
import { costOf, isUnit, priceOf, type Unit, type Units } from '../units.ts';
import { commonUses, HOURS, type MonthlyUse } from './monthly-use.ts';
import { replicasOf, type ServiceFacts, serviceUnits } from './service-use.ts';

export interface ResourceFacts {
  uid: string;
  /** Absent where its type does not say what it uses. */
  use?: MonthlyUse;
}

/** What runs in an environment, or would. */
export interface EnvironmentFacts {
  isAwake: boolean;
  /** Those that run while it is awake. */
  services: readonly ServiceFacts[];
  resources: readonly ResourceFacts[];
}

export interface CostLine {
  kind: 'service' | 'resource';
  /** Of the service, or the resource's uid. */
  name: string;
  unit: Unit;
  /** Of the unit, in a month. */
  amount: number;
  usdPerMonth: number;
}

export interface EnvironmentCost {
  /** What costs most comes first. */
  lines: CostLine[];
  /** Uids of resources whose type does not say what it uses: they count for nothing. */
  unpriced: string[];
  usdPerMonth: number;
}

/** US dollars, to a cent. */
export const toCents = (usd: number): number => Math.round(usd * 100) / 100;

/** @example dollars(1234.5) // "1,234.50" */
export const dollars = (usd: number): string =>
  usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const perDay = (usdPerMonth: number): number => (usdPerMonth / HOURS) * 24;

function linesOf(of: Pick<CostLine, 'kind' | 'name'>, units: Units): CostLine[] {
  return Object.entries(units).flatMap(([unit, amount]) =>
    isUnit(unit) && amount > 0 ? [{ ...of, unit, amount, usdPerMonth: amount * priceOf(unit) }] : [],
  );
}

/** @param scale whether services have the replicas that they have at least, or all to which they may scale */
export function environmentCost(
  { isAwake, services, resources }: EnvironmentFacts,
  scale: 'least' | 'most' = 'least',
): EnvironmentCost {
  const ofServices = isAwake
    ? services.flatMap((service) =>
        linesOf({ kind: 'service', name: service.name }, serviceUnits(service, replicasOf(service)[scale])),
      )
    : [];
  const ofResources = resources.flatMap(({ uid, use }) => {
    const of = { kind: 'resource' as const, name: uid };
    return use ? [...linesOf(of, use.always), ...(isAwake ? linesOf(of, use.awake) : [])] : [];
  });
  const lines = [...ofServices, ...ofResources].toSorted((a, b) => b.usdPerMonth - a.usdPerMonth);
  return {
    lines,
    unpriced: resources.flatMap(({ uid, use }) => (use ? [] : [uid])),
    usdPerMonth: sumOf(lines),
  };
}

/** Uids of the resources that hold data: something of them is kept while the environment sleeps. */
export const dataOf = ({ resources }: Pick<EnvironmentFacts, 'resources'>): string[] =>
  resources.flatMap(({ uid, use }) => (use && Object.keys(use.always).length > 0 ? [uid] : []));

export const sumOf = (lines: readonly { usdPerMonth: number }[]): number =>
  lines.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0);

/** What all environments have in common, which none of them causes: in the sum of no environment. */
export const commonLines = commonUses.map((use) => ({
  ...use,
  usdPerMonth: costOf({ [use.unit]: use.amount }).usd,
}));

/** What services and resources together cost, by their names; what costs most comes first. */
export function costByName({ lines }: Pick<EnvironmentCost, 'lines'>): Omit<CostLine, 'unit' | 'amount'>[] {
  const sums = new Map<string, Omit<CostLine, 'unit' | 'amount'>>();
  for (const { kind, name, usdPerMonth } of lines) {
    const key = `${kind} ${name}`;
    sums.set(key, { kind, name, usdPerMonth: usdPerMonth + (sums.get(key)?.usdPerMonth ?? 0) });
  }
  return [...sums.values()].toSorted((a, b) => b.usdPerMonth - a.usdPerMonth);
}
