/** The units that AWS charges for: amounts by their names in the price list, and what they cost. */
import list from '../../prices/us-east-1.json' with { type: 'json' };

/** The name of a unit, such as `states.transition`; each has a price per unit. */
export type Unit = keyof typeof list.prices;

export type Units = Partial<Record<Unit, number>>;

/** What was used, at the list prices of the day. */
export interface Cost {
  units: Units;
  /** US dollars, to a billionth. */
  usd: number;
}

/** Amounts are kept to a millionth: enough for a millisecond of a small function. */
const DIGITS = 1e6;

/** From when the prices are, and for which region of AWS. */
export const pricesOf = { region: list.region, date: list.date };

/** US dollars for one of a unit. */
export const priceOf = (unit: Unit): number => list.prices[unit];

export const isUnit = (name: string): name is Unit => Object.hasOwn(list.prices, name);

/** Merges two lists of amounts: `by` makes one amount of the two under each name. */
function merge(one: Units, other: Units, by: (a: number, b: number) => number): Units {
  const merged: Units = {};
  for (const name of [...Object.keys(one), ...Object.keys(other)].sort()) {
    if (isUnit(name)) merged[name] = Math.round(by(one[name] ?? 0, other[name] ?? 0) * DIGITS) / DIGITS;
  }
  return merged;
}

export const addUnits = (one: Units, other: Units): Units => merge(one, other, (a, b) => a + b);

/** The later of two readings of one meter, since amounts only grow. */
export const laterUnits = (one: Units, other: Units): Units => merge(one, other, Math.max);

/** Free tiers are not considered: other programs in the account use them up too. */
export function costOf(units: Units): Cost {
  let usd = 0;
  for (const [name, amount] of Object.entries(units)) if (isUnit(name)) usd += amount * list.prices[name];
  return { units, usd: Math.round(usd * 1e9) / 1e9 };
}
