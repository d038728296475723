/** The environments that nobody has used for some days, and what they cost together. */
export interface Used {
  environment: string;
  usdPerMonth: number;
  /** Of the last request or deployment, epoch milliseconds; undefined where requests are not seen. */
  lastUsedAt: number | undefined;
}

export interface IdleReport {
  days: number;
  /** By name. */
  environments: string[];
  usdPerMonth: number;
}

export const DAY_MS = 86_400_000;

export const daysSince = (at: number, now: number): number => Math.max(0, Math.floor((now - at) / DAY_MS));

/** @param now epoch milliseconds */
export function idleReport(all: readonly Used[], days: number, now: number): IdleReport {
  const idle = all.filter(({ lastUsedAt }) => lastUsedAt !== undefined && daysSince(lastUsedAt, now) >= days);
  return {
    days,
    environments: idle.map(({ environment }) => environment).sort(),
    usdPerMonth: idle.reduce((sum, { usdPerMonth }) => sum + usdPerMonth, 0),
  };
}
