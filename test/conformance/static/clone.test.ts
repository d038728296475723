/** `npx cdk synth --all` in a fresh clone: the CDK's own command line, without an account, a network or a home. */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize, type Template } from '../../../stacks/synthesize.ts';

const root = join(import.meta.dirname, '../../..');
const missing = spawnSync('git', ['-C', root, 'rev-parse', 'HEAD']).status !== 0;
if (missing) console.log('A fresh clone skipped: this is no git checkout');

/** A network of its own in which nothing is up; where the kernel has none for us, a proxy that is not there. */
const offline = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];
const noProxy = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((file) => !file.startsWith('node_modules'))
    .sort();

describe.skipIf(missing)('A fresh clone', { timeout: 300_000 }, () => {
  let place: string;
  let clone: string;
  let before: string[];
  let result: SpawnSyncReturns<string>;

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'berth-clone-'));
    clone = join(place, 'clone');
    for (const name of ['clone', 'home', 'tmp']) mkdirSync(join(place, name));
    const tracked = execFileSync('git', ['-C', root, 'ls-files', '-z'], { encoding: 'utf8' });
    for (const file of tracked.split('\0').filter((name) => name !== ''))
      cpSync(join(root, file), join(clone, file));
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    before = filesIn(clone);
    const env = {
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: join(place, 'home'),
      TMPDIR: join(place, 'tmp'),
      NO_COLOR: '1',
      ...(offline.length === 0 && noProxy),
    };
    const [command = '', ...args] = [...offline, 'npx', 'cdk', 'synth', '--all'];
    result = spawnSync(command, args, { cwd: clone, env, encoding: 'utf8', timeout: 880_000 });
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it('is synthesized by `npx cdk synth --all` as it is', () => {
    expect(result, `${result.stdout}\n${result.stderr}`).toMatchObject({ status: 0 });
    const made = readdirSync(join(clone, 'cdk.out')).filter((name) => name.endsWith('.template.json'));
    const expected = synthesize().templates;
    expect(made.sort()).toEqual(
      Object.keys(expected)
        .map((name) => `${name}.template.json`)
        .sort(),
    );
    // The names of bundles, and of resources whose versions they are, depend on where packages are.
    const typesOf = ({ Resources }: Template) => Object.values(Resources).map(({ Type }) => Type);
    for (const [name, template] of Object.entries(expected)) {
      const text = readFileSync(join(clone, 'cdk.out', `${name}.template.json`), 'utf8');
      expect(typesOf(JSON.parse(text) as Template).sort(), name).toEqual(typesOf(template).sort());
    }
  });

  it('has nothing new in it but the output, the built console and command line, and at home the caches of npm and CDK', () => {
    const made = filesIn(clone).filter((file) => !before.includes(file));
    expect(made.filter((file) => !/^(cdk\.out|cli\/dist|web\/dist)\//.test(file))).toEqual([]);
    expect(made.length).toBeGreaterThan(20);
    for (const file of before)
      expect(readFileSync(join(clone, file)).equals(readFileSync(join(root, file))), file).toBe(true);
    const home = filesIn(join(place, 'home'));
    expect(home.filter((file) => !/^(\.cdk\/cache|\.npm)\//.test(file))).toEqual([]);
  });
});
