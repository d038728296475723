/** Linters of templates, policies and state machines, from PyPI. Each reads files and asks no network. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { missingProgram, run } from './process.ts';

/** checkov pins what it depends on, so that it lives apart. */
const environments = {
  'cfn-lint': ['cfn-lint==1.58.0'],
  checkov: ['checkov==3.3.30'],
  parliament: ['parliament==1.6.4', 'setuptools<81'],
  statelint: ['statelint==3.1.0'],
} as const;

export type Linter = keyof typeof environments;

/** Why they can not be had here; undefined when they can. For `describe.skipIf`, with the reason printed. */
export const whyNoLinters = (): Promise<string | undefined> =>
  missingProgram([['python3', '-m', 'venv', '-h']]);

/** Fetches a linter if it is not there yet. @returns where it is */
export const fetchLinter = (linter: Linter): Promise<string> => {
  const packages = environments[linter];
  const name = packages.join('-').replaceAll(/[^\w.]+/g, '-');
  return cached(name, async (partial) => {
    await run('python3', ['-m', 'venv', partial]);
    await run(join(partial, 'bin/python'), ['-m', 'pip', 'install', '-q', ...packages]);
  });
};

/** What starts each: not bin/<linter>, whose first line names the directory in which it was installed. */
const programs: Record<Linter, string> = {
  'cfn-lint': 'from cfnlint.runner import main; sys.exit(main())',
  checkov: 'from checkov.main import Checkov; sys.exit(Checkov().run())',
  parliament: 'from parliament.cli import cli; sys.exit(cli())',
  statelint: 'from statelint.cli import main; sys.exit(main())',
};

/** Runs a linter to its end, which is no error when it finds something. @throws when it could not run */
export async function lint(
  linter: Linter,
  args: readonly string[],
): Promise<{ code: number; stdout: string }> {
  const directory = await fetchLinter(linter);
  return new Promise((resolve, reject) => {
    const all = ['-c', `import sys; sys.argv[0] = '${linter}'; ${programs[linter]}`, ...args];
    const env = { ...process.env, NO_COLOR: '1' };
    const options = { env, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 };
    execFile(join(directory, 'bin/python'), all, options, (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number' && !stderr.includes('Traceback')) resolve({ code, stdout });
      else reject(new Error(`${linter} did not run: ${stderr.slice(-2000) || String(error)}`));
    });
  });
}
