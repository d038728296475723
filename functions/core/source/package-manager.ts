/** Which package manager a source is installed by, which version of it, and with which arguments. */
import { Problem } from '../problem.ts';
import type { SourceFiles } from './detect.ts';

export interface PackageManager {
  name: 'npm' | 'pnpm' | 'yarn';
  /** What it is in the registry of npm; absent for the npm of the machine. */
  from?: { package: string; version: string; bin: string };
  /** Yarn 2 and later. */
  berry: boolean;
  locked: boolean;
}

const LOCKS = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
} as const;

/** The newest version that reads the format of a lock file without changing it. */
const PNPM = { '5': '7.33.7', '6': '8.15.9', '9': '10.34.8' } as const;
const YARN_CLASSIC = '1.22.22';
const YARN_BERRY = { before4: '3.8.6', first4: '4.9.2', current: '4.18.1' } as const;

/** @throws Problem build_failed where `packageManager` names none that can be used */
export function packageManagerOf(files: SourceFiles, asked: string | undefined): PackageManager {
  const named = asked === undefined ? undefined : parse(asked);
  const names = ['npm', 'pnpm', 'yarn'] as const;
  const name = named?.name ?? names.find((one) => LOCKS[one].some((lock) => files.has(lock))) ?? 'npm';
  const locked = LOCKS[name].some((lock) => files.has(lock));
  if (name === 'npm') {
    const from = named && { package: 'npm', version: named.version, bin: 'bin/npm-cli.js' };
    return { name, berry: false, locked, ...(from && { from }) };
  }
  const version = named?.version ?? (name === 'pnpm' ? pnpmFor(files) : yarnFor(files));
  const berry = name === 'yarn' && !version.startsWith('1.');
  if (name === 'pnpm')
    return { name, berry, locked, from: { package: 'pnpm', version, bin: 'bin/pnpm.cjs' } };
  return {
    name,
    berry,
    locked,
    from: berry
      ? { package: '@yarnpkg/cli-dist', version, bin: 'bin/yarn.js' }
      : { package: 'yarn', version, bin: 'bin/yarn.js' },
  };
}

function parse(asked: string): { name: PackageManager['name']; version: string } {
  const [, name, version] = /^(npm|pnpm|yarn)@(\d+\.\d+\.\d+(?:-[\w.]+)?)(?:\+[\w.]+)?$/.exec(asked) ?? [];
  if (name === undefined || version === undefined)
    throw new Problem(
      'build_failed',
      `The build failed: packageManager of package.json is ${JSON.stringify(asked.slice(0, 100))}, which can not be had.`,
      { hint: 'Name npm, pnpm or yarn with an exact version, such as "pnpm@10.34.8", or remove it.' },
    );
  return { name: name as PackageManager['name'], version };
}

function pnpmFor(files: SourceFiles): string {
  const [, format] = /^lockfileVersion: *'?"?(\d+)/m.exec(files.get('pnpm-lock.yaml') ?? '') ?? [];
  return format === '5' || format === '6' ? PNPM[format] : PNPM['9'];
}

function yarnFor(files: SourceFiles): string {
  const text = files.get('yarn.lock') ?? '';
  const [, format] = /^__metadata:\r?\n +version: *(\d+)/m.exec(text) ?? [];
  if (format === undefined) return YARN_CLASSIC;
  if (Number(format) < 8) return YARN_BERRY.before4;
  return format === '8' ? YARN_BERRY.first4 : YARN_BERRY.current;
}

/** Arguments of an installation. @param dev whether packages for development are wanted too */
export function installWith({ name, berry, locked }: PackageManager, dev: boolean): string[] {
  if (name === 'npm') return [locked ? 'ci' : 'install', dev ? '--include=dev' : '--omit=dev'];
  // The focus leaves out what is for development, and needs no network for what is there.
  if (berry) return ['install', ...(locked ? ['--immutable'] : [])];
  const lock = locked ? ['--frozen-lockfile'] : name === 'pnpm' ? ['--no-frozen-lockfile'] : [];
  if (name === 'pnpm') return ['install', ...lock, dev ? '--prod=false' : '--prod'];
  return ['install', ...lock, dev ? '--production=false' : '--production'];
}

/** Arguments by which packages for development go; undefined where the version has no way. */
export function pruneWith({ name, berry, from }: PackageManager): string[] | undefined {
  if (name === 'npm') return ['prune', '--omit=dev'];
  if (name === 'pnpm') return ['install', '--prod', '--frozen-lockfile', '--offline', '--ignore-scripts'];
  if (!berry) return ['install', '--production', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts'];
  return Number.parseInt(from?.version ?? '', 10) >= 4
    ? ['workspaces', 'focus', '--all', '--production']
    : undefined;
}
