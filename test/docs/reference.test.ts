/** The reference says what the code does. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemCodes } from '../../functions/core/problem.ts';
import { parseScore } from '../../functions/core/score/file/parse.ts';
import { references } from '../../functions/core/score/references.ts';
import { readSettings, workloadSettings } from '../../functions/core/score/settings.ts';
import { readConfig } from '../../functions/hosts/machine/config/config.ts';
import { resourceTypes } from '../../functions/resources/index.ts';
import { knownSettings, paramsOf, settings } from '../../scripts/docs/score.ts';
import { codeBlocks, readDoc, root } from './markdown.ts';
import { recipeSteps } from './recipe.ts';

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'examples/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('Tables of the reference', () => {
  it('explain every param and annotation that there is, and no other', () => {
    for (const { name, summary } of resourceTypes.flatMap(paramsOf)) expect(summary, name).toMatch(/\.$/);
    expect(knownSettings().length).toBeGreaterThan(3);
    expect(Object.keys(settings).sort()).toEqual(knownSettings().sort());
  });
});

describe('docs/reference/score.md', () => {
  const faultsOf = (name: string, text: string) => readSettings({ [`berth.dev/${name}`]: text }).faults;

  it('has the defaults of the annotations', () => {
    expect(workloadSettings({ metadata: { name: 'shop' } })).toEqual({
      replicas: 1,
      maxReplicas: 1,
      strategy: 'rolling',
      progressDeadlineSeconds: 120,
      minReadySeconds: 2,
      drainSeconds: 30,
      warmSeconds: 900,
      keepFailedSeconds: 0,
    });
  });

  it.each([
    ['replicas', ['1', '20'], ['0', '21', 'two']],
    ['max-replicas', ['1', '20'], ['0', '21']],
    ['strategy', ['rolling', 'recreate', 'canary', 'blue-green'], ['Canary']],
    ['bake-seconds', ['1', '3600'], ['0', '3601']],
    ['max-error-rate', ['0%', '2%', '99.99%'], ['100%', '2']],
    ['max-p99', ['1ms', '300s'], ['0ms', '301s', '5']],
    ['min-requests', ['1', '9999'], ['0', '10000']],
    ['warm-seconds', ['0', '3600'], ['3601']],
    ['keep-failed-seconds', ['0', '3600'], ['3601']],
    ['progress-deadline-seconds', ['5', '900'], ['4', '901']],
    ['min-ready-seconds', ['0', '119'], ['-1', '120']],
    ['drain-seconds', ['0', '3600'], ['-1', '3601']],
    ['release-command', ['node migrate.js', `x${'y'.repeat(4095)}`], ['a | b', `x${'y'.repeat(4096)}`]],
  ])('has the bounds of %s', (name, accepted, refused) => {
    for (const text of accepted) expect(faultsOf(name, text), text).toEqual([]);
    for (const text of refused) expect(faultsOf(name, text), text).toHaveLength(1);
  });

  it('says of volumes where they are on one machine', () => {
    const section = readDoc('docs/reference/score.md')
      .split(/^### /m)
      .find((part) => part.startsWith('volume'));
    expect(section).toContain('$BERTH_ROOT/data');
  });

  it('shows a Score file that is one', () => {
    const [example] = codeBlocks(readDoc('docs/reference/score.md')).filter(
      ({ language }) => language === 'yaml',
    );
    const workload = parseScore(example!.text);
    expect(references(workload).map(({ path }) => path.join('.'))).toEqual(['resources.db.url']);
  });
});

describe('README.md', () => {
  it('has every variable of the configuration with its default', () => {
    const rows = [...readDoc('README.md').matchAll(/^\| `(BERTH_\w+)` \| (?:`([^`]+)`|none) \|/gm)];
    const defaults = Object.fromEntries(rows.map(([, name, value]) => [name, value]));
    const source = readFileSync(join(root, 'functions/hosts/machine/config/config.ts'), 'utf8');
    expect(Object.keys(defaults).sort()).toEqual(
      [...source.matchAll(/^ {2}(BERTH_\w+):/gm)].map(([, name]) => name).sort(),
    );
    expect(readConfig(defaults)).toEqual(readConfig({}));
  });
});

describe('docs/how-to/deploy-to-a-cluster.md', () => {
  it('has every variable of a cluster', () => {
    const rows = readDoc('docs/how-to/deploy-to-a-cluster.md').matchAll(/^\| `(BERTH_\w+)` \|/gm);
    const source = readFileSync(join(root, 'functions/hosts/machine/config/config-cluster.ts'), 'utf8');
    expect([...rows].map(([, name]) => name).sort()).toEqual(
      [...source.matchAll(/^ {2}(BERTH_\w+):/gm)].map(([, name]) => name).sort(),
    );
  });
});

describe('docs/how-to/connect-an-identity-provider.md', () => {
  it('has every variable of an identity provider, and the setting on AWS', () => {
    const rows = [
      ...readDoc('docs/how-to/connect-an-identity-provider.md').matchAll(
        /^\| `(BERTH_\w+)` \| `berth:(\w+)` \|/gm,
      ),
    ];
    const source = readFileSync(join(root, 'functions/hosts/machine/config/config-identity.ts'), 'utf8');
    expect(rows.map(([, name]) => name).sort()).toEqual(
      [...source.matchAll(/^ {2}(BERTH_\w+):/gm)].map(([, name]) => name).sort(),
    );
    const { context } = JSON.parse(readDoc('cdk.json')) as { context: Record<string, unknown> };
    for (const [, , setting] of rows) expect(context).toHaveProperty([`berth:${setting}`]);
  });
});

describe('Every document', () => {
  /** Files that are there once a recipe was followed. */
  const toBeMade = recipeSteps(readDoc('CONTRIBUTING.md')).map(({ path }) => path);
  const isThere = (path: string): boolean =>
    existsSync(join(root, path)) || toBeMade.some((made) => `${made}/`.startsWith(`${path}/`));
  const scripts = Object.keys((JSON.parse(readDoc('package.json')) as { scripts: object }).scripts);

  it.each(documents)('%s links to files and headings that are there', (name) => {
    const text = readDoc(name);
    // Links in code are examples.
    const prose = text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? join(root, name) : resolve(root, dirname(name), path);
      expect(existsSync(file), `${name}: ${target}`).toBe(true);
      if (anchor === undefined) continue;
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(/\s/g, '-'),
      );
      expect(headings, `${name}: ${target}`).toContain(anchor);
    }
  });

  it.each(documents)('%s names commands and problem codes that there are', (name) => {
    const text = readDoc(name);
    // Scripts of other packages, in an example or a user's, are not ours to know.
    const ours = name === 'README.md' || name === 'CONTRIBUTING.md';
    if (ours) for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g)) expect(scripts).toContain(script);
    for (const [, code] of text.matchAll(/problems\/([a-z_]+)\b/g))
      expect(problemCodes).toHaveProperty(code!);
    for (const [, folders = ''] of text.matchAll(/npx vitest run([^`\n]*)/g)) {
      for (const folder of folders.trim().split(' ')) expect(isThere(folder), folder).toBe(true);
    }
  });
});

describe('test/abuse/README.md', () => {
  it('names tests that there are', () => {
    const named = [
      ...readDoc('test/abuse/README.md').matchAll(
        /`((?:test|files|identity|injection|leaks|network|permissions)\/[\w./-]*[\w-])`/g,
      ),
    ];
    const paths = named.map(([, name = '']) => (name.startsWith('test/') ? name : `test/abuse/${name}`));
    const isThere = (path: string) =>
      ['', '.test.ts', '.e2e.ts', '.ts'].some((end) => existsSync(join(root, path + end)));
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });
});
