import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseDotenv } from '../../../functions/core/dotenv.ts';
import { cronOf } from '../../../functions/core/imports/copilot/copilot-schedule.ts';
import { importManifests } from '../../../functions/core/imports/import-manifests.ts';
import type { Imported } from '../../../functions/core/imports/import-types.ts';
import { dotenvOf } from '../../../functions/core/imports/manifest-text.ts';
import { Problem } from '../../../functions/core/problem.ts';
import { parseScore } from '../../../functions/core/score/file/parse.ts';
import { resourceTypes } from '../../../functions/resources/index.ts';
import { createRandom } from '../../simulation/random.ts';
import { composeProjects } from './compose-projects.ts';
import { copilotProjects } from './copilot-projects.ts';
import { herokuProjects } from './heroku-projects.ts';

const types = new Map(
  resourceTypes.map(({ type, outputs }) => [
    type,
    new Set(typeof outputs === 'string' ? [] : Object.keys(outputs)),
  ]),
);
const read = (files: Record<string, string>): Imported =>
  importManifests('shop', new Map(Object.entries(files)), types);
const score = ({ files }: Imported, path = 'score.yaml') =>
  parse(files.find((file) => file.path === path)?.text ?? '');

const projects = { ...composeProjects, ...copilotProjects, ...herokuProjects };

describe('Manifests of public projects', () => {
  it.each(Object.entries(projects))('%s: each Score file is a valid one', (_name, files) => {
    const imported = read(files);
    const scores = imported.services.map(({ score: path }) =>
      imported.files.find((file) => file.path === path),
    );
    for (const file of scores) expect(() => parseScore(file?.text ?? '')).not.toThrow();
    expect(new Set(imported.files.map(({ path }) => path)).size).toBe(imported.files.length);
  });

  it('need no edit, four of five of at least thirty', () => {
    const edited = Object.entries(projects).flatMap(([name, files]) => {
      const edits = read(files).left.filter(({ kind }) => kind === 'edit');
      return edits.length === 0 ? [] : [`${name}: ${edits.map(({ what }) => what).join('; ')}`];
    });
    expect(Object.keys(projects).length).toBeGreaterThanOrEqual(30);
    expect(edited.length, edited.join('\n')).toBeLessThanOrEqual(Object.keys(projects).length * 0.2);
  });
});

describe('A Compose file', () => {
  it('has a database of Berth in the place of its own, in every form of its address', () => {
    const form = (variable: string, value: string) =>
      score(
        read({
          'compose.yaml': JSON.stringify({
            services: {
              db: { image: 'postgres:16' },
              web: { build: '.', ports: ['80'], environment: { PGHOST: 'db', [variable]: value } },
            },
          }),
        }),
      ).containers.web.variables[variable];
    expect(form('DATABASE_URL', 'postgres://u:p@db:5432/x')).toBe('${resources.db.url}');
    expect(form('URL', 'jdbc:postgresql://db:5432/x')).toBe(
      'jdbc:postgresql://${resources.db.host}:${resources.db.port}/${resources.db.database}',
    );
    expect(form('DSN', 'Host=db;Port=5432;Username=a;Password=b;Pooling=true')).toBe(
      'Host=${resources.db.host};Port=${resources.db.port};Username=${resources.db.username};Password=${resources.db.password};Pooling=true',
    );
    expect(form('PGUSER', 'app')).toBe('${resources.db.username}');
    expect(form('DB_PASSWORD', '${SECRET}')).toBe('${resources.db.password}');
    expect(form('DB_CONNECTION', 'pgsql')).toBe('pgsql');
  });

  it('has addresses of its other services, which are deployed before', () => {
    const imported = read(composeProjects['nginx before go and postgres, passwords in files'] ?? {});
    expect(imported.services.map(({ name }) => name)).toEqual(['backend', 'proxy']);
    expect(score(imported, 'proxy/score.yaml')).toMatchObject({
      containers: {
        proxy: {
          variables: { BACKEND_URL: 'http://${resources.backend.hostname}:${resources.backend.port}' },
        },
      },
      resources: { backend: { type: 'service-port', params: { workload: 'backend', port: 8000 } } },
    });
  });

  it('gives no password away: neither to a Score file nor to a file of variables', () => {
    const imported = read(composeProjects['statistics of sites'] ?? {});
    expect(JSON.stringify(imported)).not.toContain('replace-me');
    expect(imported.secrets).toContainEqual(expect.objectContaining({ name: 'APP_SECRET' }));
  });

  it('has programs of one folder side by side in one service', () => {
    const imported = read(composeProjects['automation with a worker of the same image'] ?? {});
    expect(imported.services).toHaveLength(1);
    expect(Object.keys(score(imported).containers)).toEqual(['app', 'worker']);
    expect(score(imported).containers.worker.args).toEqual(['worker']);
  });

  it('says of what it can not carry over what to do', () => {
    const { left } = read({
      'compose.yaml': JSON.stringify({
        services: {
          a1: {
            build: { context: '.', args: { V: '1' }, target: 'dev' },
            privileged: true,
            volumes: ['/var/run/docker.sock:/s'],
          },
        },
      }),
    });
    const edits = left.filter(({ kind }) => kind === 'edit').map(({ what }) => what);
    expect(edits).toEqual([
      'build.target: dev',
      'build.args: V',
      'the mount of /var/run/docker.sock',
      'privileged',
    ]);
  });
});

describe('An application of Copilot', () => {
  it('has what differs by environment in files of variables', () => {
    const imported = read(copilotProjects['settings by environment'] ?? {});
    const files = Object.fromEntries(
      imported.variables.map(({ path, environment = '' }) => [
        environment,
        imported.files.find((file) => file.path === path)?.text,
      ]),
    );
    expect(files).toMatchObject({ prod: 'STAGE=prod\nCACHE=on\n', test: 'STAGE=test\nCACHE=off\n' });
    expect(score(imported).containers.web.variables).toMatchObject({
      HOST: '0.0.0.0',
      STAGE: '${resources.env.STAGE}',
    });
  });

  it('keeps the form of the secret that a database of its addons had', () => {
    const { MAINCLUSTER_SECRET } = score(read(copilotProjects['aurora by storage init'] ?? {})).containers.api
      .variables;
    expect(JSON.parse(MAINCLUSTER_SECRET.replaceAll(/\$\{[^}]*port\}/g, '5432'))).toMatchObject({
      engine: 'postgres',
      host: '${resources.main-cluster.host}',
    });
  });

  it('has its jobs beside the service of the same image, by five fields of cron', () => {
    const imported = read(copilotProjects['job by a rate, beside its service'] ?? {});
    expect(imported.services[0]?.jobs).toEqual([
      { name: 'sweep', schedule: '*/5 * * * *', command: ['python', 'sweep.py', '--all'] },
    ]);
    expect(
      [
        '@daily',
        '@every 2h',
        'rate(1 hour)',
        'cron(0 9 ? * 2-6 *)',
        '*/10 * * * 1',
        'rate(7 minutes)',
        'x',
      ].map(cronOf),
    ).toEqual([
      ...['0 0 * * *', '0 */2 * * *', '0 * * * *', '0 9 * * 1-5', '*/10 * * * 1', undefined, undefined],
    ]);
  });

  it('shares one host by paths where it had one load balancer', () => {
    const imported = read(copilotProjects['two paths of one load balancer'] ?? {});
    expect(score(imported, 'api/score.yaml').resources).toMatchObject({
      dns: { type: 'dns', id: 'site' },
      route: { type: 'route', params: { path: '/api', port: 80 } },
    });
  });
});

describe('Hostile manifests', () => {
  const refused = (files: Record<string, string>): Problem => {
    try {
      read(files);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    throw new Error('It was taken.');
  };

  it('have budgets: aliases of aliases, depth, services', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let at = 1; at < 12; at++)
      lines.push(
        `a${at}: &a${at} [${Array(9)
          .fill(`*a${at - 1}`)
          .join(', ')}]`,
      );
    expect(refused({ 'compose.yaml': lines.join('\n') }).code).toBe('invalid_request');
    expect(refused({ 'compose.yaml': `a: &a [*a]` }).message).toContain('alias');
    expect(refused({ 'compose.yaml': '['.repeat(5000) }).code).toBe('invalid_request');
    const services = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`s${at}`, { build: `./s${at}` }]),
    );
    expect(refused({ 'compose.yaml': JSON.stringify({ services }) }).message).toContain('50 services');
    expect(refused({ 'README.md': '' }).hint).toContain('berth init');
  });

  it('write nothing outside of the source', () => {
    const { files, left } = read({
      'compose.yaml': JSON.stringify({
        services: { a1: { build: '../../etc' }, '../../x': { image: 'nginx' } },
      }),
    });
    for (const { path } of files) expect(path).not.toContain('..');
    expect(left.some(({ kind }) => kind === 'edit')).toBe(true);
  });

  it('of any form are read or refused, and never crash', () => {
    for (let seed = 1; seed <= 150; seed++) {
      const chance = createRandom(seed).below;
      const files = Object.fromEntries(
        Array.from({ length: 1 + chance(3) }, () => [pick(chance, PATHS), textOf(chance)] as const),
      );
      try {
        for (const { path } of read(files).files)
          expect(path, `seed ${seed}`).toMatch(/^(?!\/)(?!.*\.\.).+$/);
      } catch (error) {
        if (!(error instanceof Problem)) throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });

  it('have values that a file of variables gives back as they were', () => {
    for (const text of [
      '',
      ' a ',
      "it's",
      '"',
      '\\',
      '\\n',
      'a\nb\r\n',
      '$x ${y}',
      '#',
      '\'\n\\"',
      '€\u2028',
      'a=b',
    ])
      expect(parseDotenv(dotenvOf(new Map([['NAME', text]]))).get('NAME'), JSON.stringify(text)).toBe(text);
  });
});

type Chance = (below: number) => number;

const pick = <T>(chance: Chance, from: readonly T[]): T => from[chance(from.length)] as T;

const PATHS = [
  'compose.yaml',
  'copilot/web/manifest.yml',
  'copilot/job/manifest.yml',
  'app.json',
  'Procfile',
];
const WORDS = [
  ...[
    'services',
    'build',
    'image',
    'environment',
    'ports',
    'volumes',
    'command',
    'entrypoint',
    'db',
    'postgres:1',
    'deploy',
  ],
  ...[
    '${A:-b}',
    '$$',
    '.',
    '..',
    '80:80',
    'type',
    'Load Balanced Web Service',
    'Scheduled Job',
    'http',
    'path',
    'count',
  ],
  ...[
    'range',
    '1-3',
    'variables',
    'secrets',
    'environments',
    'on',
    'schedule',
    'env',
    'addons',
    'heroku-postgresql',
    'env_file',
  ],
  ...[
    'formation',
    'web',
    'size',
    '/a:/b',
    'healthcheck',
    'test',
    "sh -c 'x",
    'postgres://a:b@db/c',
    'http://web:80',
    'toString',
  ],
  ...[
    '',
    'constructor_',
    '\u0000',
    'ä',
    '-',
    '0',
    '-1',
    '1e9',
    'configs',
    'context',
    'target',
    'source',
    'name',
    'storage',
    'efs',
  ],
];

function anyOf(chance: Chance, depth = 0): unknown {
  const kind = chance(depth > 4 ? 4 : 8);
  if (kind < 2) return pick(chance, WORDS);
  if (kind === 2) return chance(100_000) - 10;
  if (kind === 3) return pick(chance, [true, false, null]);
  if (kind === 4) return Array.from({ length: chance(4) }, () => anyOf(chance, depth + 1));
  return Object.fromEntries(
    Array.from({ length: chance(7) }, () => [pick(chance, WORDS), anyOf(chance, depth + 1)]),
  );
}

function textOf(chance: Chance): string {
  const any = () => anyOf(chance);
  const service = () => ({
    build: pick(chance, ['.', './a', any()]),
    environment: any(),
    ports: any(),
    [pick(chance, WORDS)]: any(),
  });
  switch (chance(5)) {
    case 0:
      return JSON.stringify(any());
    case 1:
      return JSON.stringify({
        services: { web: service(), db: { image: 'postgres' }, other: service(), third: any() },
      });
    case 2:
      return JSON.stringify({
        type: pick(chance, WORDS),
        image: any(),
        variables: any(),
        count: any(),
        environments: { test: any() },
        on: any(),
        secrets: any(),
      });
    case 3:
      return JSON.stringify({ env: any(), addons: any(), formation: any(), name: any(), buildpacks: any() });
    default:
      return Array.from({ length: chance(30) }, () => pick(chance, WORDS)).join(
        pick(chance, [': ', '\n', ' ', ': &a ', '- ']),
      );
  }
}
