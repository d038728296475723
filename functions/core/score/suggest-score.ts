/** A Score file to begin with, from what the source shows. */
import { stringify } from 'yaml';
import { parseDotenv } from '../dotenv.ts';
import type { BuildPlan, SourceFiles } from '../source/detect.ts';

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
  const reasons = ['It serves port 80, and the program is told to listen on PORT, which is 8080.'];
  const variables: Record<string, string> = { PORT: '8080' };
  const resources: Record<string, { type: string }> = {};
  const wanted = exampleVariables(files);
  const url = wanted.find((name) => DATABASE_URL.test(name));
  const driver = POSTGRES.find((name) => dependencies(files).has(name));
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
  const workload = {
    apiVersion: 'score.dev/v1b1',
    metadata: {
      name: service,
      ...(plan.releaseCommand !== undefined && {
        annotations: { 'berth.dev/release-command': plan.releaseCommand },
      }),
    },
    service: { ports: { www: { port: 80, targetPort: 8080 } } },
    containers: { main: { image: '.', variables } },
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

/** Detection has read the manifest before, and refused it if it is not JSON. */
function dependencies(files: SourceFiles): Set<string> {
  const manifest = JSON.parse(files.get('package.json') ?? '{}') as { dependencies?: Record<string, string> };
  return new Set(Object.keys(manifest.dependencies ?? {}));
}
