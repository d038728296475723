/** Where this program came from: `npx https://berth.example.com/cli` talks to that Berth without being told. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether it was named to npx just now, and is not installed for good. */
export const isFetched = (): boolean => fileURLToPath(import.meta.url).includes('/_npx/');

/** npm writes beside the packages that it has installed from which address each of them came. */
export function originOfPackage(): string | undefined {
  const packages = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    const lock = JSON.parse(readFileSync(join(packages, '.package-lock.json'), 'utf8')) as {
      packages?: Record<string, { resolved?: string }>;
    };
    const resolved = lock.packages?.['node_modules/berth']?.resolved;
    return resolved?.startsWith('http') ? new URL(resolved).origin : undefined;
  } catch {
    return undefined;
  }
}
