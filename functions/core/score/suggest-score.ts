/** A Score file to begin with, from what the source shows. */
import { stringify } from 'yaml';
import { parseDotenv } from '../dotenv.ts';
import type { BuildPlan, SourceFiles } from '../source/detect.ts';
import { DEPENDENCY_FILES, DOCKERFILE } from '../source/foreign.ts';

/** Packages of npm that talk to PostgreSQL. */
const POSTGRES = [
  'pg',
  'postgres',
  'pg-promise',
  '@prisma/client',
  'knex',
  'typeorm',
  'sequelize',
  'drizzle-orm',
];
const POSTGRES_ELSEWHERE =
  /^[\t ]*(?:psycopg|asyncpg|gem ["']pg["']|(?:require )?github\.com\/(?:jackc\/pgx|lib\/pq))/m;

/** What says which variables a program reads. */
export const EXAMPLE_VARIABLES = ['.env.example', '.env.sample', '.env.template'] as const;

const DATABASE_URL = /^(DATABASE|POSTGRES|POSTGRESQL|PG)_UR[LI]$/;

interface Suggestion {
  /** The text of a `score.yaml`. */
  score: string;
  /** What is in it, and why, a sentence each. */
  reasons: string[];
}

/** @param service its name, and that of the workload */
export function suggestScore(service: string, files: SourceFiles, plan: BuildPlan): Suggestion {
  const exposed = exposedPort(files.get(DOCKERFILE));
  const port = exposed ?? 8080;
  const { worker } = plan;
  const reasons = [
    worker !== undefined
      ? `It takes no requests, for the Procfile has no web line: ${worker} runs, and is told no PORT.`
      : exposed === undefined
        ? 'It serves port 80, and the program is told to listen on PORT, which is 8080.'
        : `It serves port 80, and the program listens on ${port}, which its Dockerfile exposes; PORT says so too.`,
  ];
  const variables: Record<string, string> = worker === undefined ? { PORT: String(port) } : {};
  const resources: Record<string, { type: string }> = {};
  const wanted = exampleVariables(files);
  const url = wanted.find((name) => DATABASE_URL.test(name));
  const elsewhere = DEPENDENCY_FILES.find((name) => POSTGRES_ELSEWHERE.test(files.get(name) ?? ''));
  const driver = POSTGRES.find((name) => dependencies(files).has(name)) ?? elsewhere;
  if (url !== undefined || driver !== undefined) {
    resources.db = { type: 'postgres' };
    variables[url ?? 'DATABASE_URL'] = '${resources.db.url}';
    reasons.push(
      `It has a PostgreSQL database, for ${driver ?? url}; ${url ?? 'DATABASE_URL'} is its address.`,
    );
  }
  for (const name of wanted.filter((each) => !(each in variables))) {
    resources.env = { type: 'environment' };
    variables[name] = `\${resources.env.${name}}`;
  }
  if (resources.env) {
    reasons.push(
      'Other variables of the example file are read from the environment: set them there, as variables or as secrets, before the first deployment.',
    );
  }
  const processes = Object.entries(plan.processes ?? {});
  const names = processes.map(([name]) => `${name}=1`).join(', ');
  if (processes.length > 0)
    reasons.push(`Of the Procfile, these run beside it, each in replicas of its own: ${names}.`);
  const annotations = {
    ...(plan.releaseCommand !== undefined && { 'berth.dev/release-command': plan.releaseCommand }),
    ...(names !== '' && { 'berth.dev/processes': names }),
  };
  const { PORT: _, ...withoutPort } = variables;
  const workload = {
    apiVersion: 'score.dev/v1b1',
    metadata: { name: service, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(worker === undefined && { service: { ports: { www: { port: 80, targetPort: port } } } }),
    containers: {
      [worker ?? (plan.processes?.main ? 'web' : 'main')]: { image: '.', variables },
      ...Object.fromEntries(
        processes.map(([name, command]) => [name, { image: '.', command, variables: withoutPort }]),
      ),
    },
    ...(Object.keys(resources).length > 0 && { resources }),
  };
  return { score: stringify(workload, { lineWidth: 0 }), reasons };
}

function exampleVariables(files: SourceFiles): string[] {
  const text = EXAMPLE_VARIABLES.map((name) => files.get(name)).find((each) => each !== undefined);
  if (text === undefined) return [];
  try {
    return [...parseDotenv(text).keys()].filter(
      (name) => /^[A-Za-z_]\w{0,127}$/.test(name) && name !== 'PORT',
    );
  } catch {
    // An example that is no such file says nothing, and is in nobody's way.
    return [];
  }
}

/** The first port that a Dockerfile says its program listens on. */
function exposedPort(dockerfile = ''): number | undefined {
  const port = Number(/^[\t ]*EXPOSE[\t ]+(\d{1,5})\b/im.exec(dockerfile)?.[1]);
  return port > 0 && port < 65_536 ? port : undefined;
}

/** Detection has read the manifest before, and refused it if it is not JSON. */
function dependencies(files: SourceFiles): Set<string> {
  const manifest = JSON.parse(files.get('package.json') ?? '{}') as { dependencies?: Record<string, string> };
  return new Set(Object.keys(manifest.dependencies ?? {}));
}
