/** The lines of an output that an error shows. */
import { describe, expect, it } from 'vitest';
import { missingPackages, quoteOutput, tellingLines } from '../../../functions/ports/rules/telling-lines.ts';

const node = `node:internal/modules/cjs/loader:1408
  throw err;
  ^

Error: Cannot find module 'leftpadx'
Require stack:
- /app/index.js
    at node:internal/modules/cjs/loader:1405:15
    at Module._resolveFilename (node:internal/modules/cjs/loader:1405:15)
    at Object.<anonymous> (/app/index.js:1:1) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/index.js' ]
}

Node.js v24.1.0`.split('\n');

const npmUsage = `npm error code EUSAGE
npm error
npm error \`npm ci\` can only install packages when your package.json and package-lock.json are in sync.
npm error
npm error Missing: express@4.22.1 from lock file
npm error Missing: accepts@1.3.8 from lock file
npm error
npm error Clean install a project
npm error
npm error Usage:
npm error npm ci
npm error
npm error Options:
npm error [--install-strategy <hoisted|nested|shallow|linked>] [--legacy-bundling]
npm error aliases: clean-install, ic, install-clean, isntall-clean
npm error
npm error Run "npm help ci" for more info
npm error A complete log of this run can be found in: /tmp/_logs/debug-0.log`.split('\n');

describe('What failed is told by the line that matters', () => {
  it('the message of a Node.js error first, then what follows it', () => {
    const { lines } = tellingLines(node, 5);
    expect(lines[0]).toBe("Error: Cannot find module 'leftpadx'");
    expect(lines).toContain('- /app/index.js');
    expect(lines.join()).not.toContain('node:internal');
    expect(missingPackages(node)).toEqual(['leftpadx']);
    expect(
      missingPackages(["Error: Cannot find module './routes'", "Cannot find package '@scope/a' imported"]),
    ).toEqual(['@scope/a']);
  });

  it('the members of a Node.js error and the last frame of a Python trace, with the source that it quotes', () => {
    const frames = Array.from({ length: 8 }, (_, index) => `    at f${index} (/app/a.js:${index}:1)`);
    const members = ['  errno: -111,', "  code: 'ECONNREFUSED',", '  port: 5432'];
    const refused = [
      'Error: connect ECONNREFUSED ::1:5432',
      ...frames.slice(1),
      `${frames[0]} {`,
      ...members,
      '}',
    ];
    expect(tellingLines(refused, 5).lines).toEqual([refused[0], frames[1], ...members]);
    const python = [
      'Traceback (most recent call last):',
      '  File "/app/main.py", line 9, in <module>',
      '    main()',
      '  File "/app/main.py", line 3, in main',
      "    return settings['PORT']",
      '           ~~~~~~~~^^^^^^^^',
      "KeyError: 'PORT'",
    ];
    expect(quoteOutput(python, 6)).toContain(python.slice(3).join('\n'));
  });

  it('npm by its code and what it misses, without its usage', () => {
    const { lines } = tellingLines(npmUsage, 8);
    expect(lines[0]).toBe('npm error code EUSAGE');
    expect(lines).toContain('npm error Missing: express@4.22.1 from lock file');
    expect(lines.join('\n')).not.toMatch(/Usage|Options|aliases|complete log/);
  });

  it.each([
    ['tsc', "src/a.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'."],
    ['tsc for people', 'src/a.ts:3:5 - error TS2322: Type mismatch.'],
    ['Python', "ModuleNotFoundError: No module named 'flask'"],
    ['a driver of Python', 'psycopg2.OperationalError: connection refused'],
    ['Java', 'Exception in thread "main" java.lang.IllegalStateException: no'],
    ['Go', 'panic: runtime error: index out of range'],
    ['Rust', "thread 'main' panicked at src/main.rs:2:5:"],
    ['rustc', 'error[E0308]: mismatched types'],
    ['esbuild', '✘ [ERROR] Could not resolve "react"'],
    ['a shell', 'sh: 1: husky: not found'],
    ['pnpm', ' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile"'],
    ['a memory limit', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'],
  ])('of %s', (_kind, line) => {
    const around = Array.from({ length: 30 }, (_, index) => `step ${index}`);
    expect(tellingLines([...around, `\u001b[31m${line}\u001b[0m`, ...around], 5).lines[0]).toBe(line);
  });

  it('every error of a build, and how many did not fit', () => {
    const errors = Array.from({ length: 12 }, (_, index) => [
      `a${index}.ts(1,1): error TS1005: ';' expected.`,
      'x',
      'y',
    ]);
    const all = quoteOutput(errors.flat(), 20);
    for (const [error] of errors) expect(all).toContain(error);
    expect(quoteOutput(errors.flat(), 10)).toContain('and 2 more errors');
  });

  it('and the last lines where none names an error', () => {
    expect(quoteOutput(['a', 'b', '', 'c'], 2)).toBe('Its last output:\nb\nc');
    expect(quoteOutput([], 2)).toBe('It printed nothing.');
  });
});
