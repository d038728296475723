/** Linters of templates, policies and state machines, from PyPI. Each reads files and asks no network. */
import { execFile } from 'node:child_process';
import { pythonWith, whyNoPython } from './python.ts';

const environments = {
  'cfn-lint': ['cfn-lint==1.58.0'],
  checkov: ['checkov==3.3.30'],
  parliament: ['parliament==1.6.4', 'setuptools<81'],
  statelint: ['statelint==3.1.0'],
} as const;

export type Linter = keyof typeof environments;

export const whyNoLinters = whyNoPython;

/** Fetches a linter if it is not there yet. @returns the python that has it */
export const fetchLinter = (linter: Linter): Promise<string> => pythonWith(environments[linter]);

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
  const python = await fetchLinter(linter);
  return new Promise((resolve, reject) => {
    const all = ['-c', `import sys; sys.argv[0] = '${linter}'; ${programs[linter]}`, ...args];
    const env = { ...process.env, NO_COLOR: '1' };
    const options = { env, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 };
    execFile(python, all, options, (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number' && !stderr.includes('Traceback')) resolve({ code, stdout });
      else reject(new Error(`${linter} did not run: ${stderr.slice(-2000) || String(error)}`));
    });
  });
}
