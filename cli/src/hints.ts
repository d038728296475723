/** Hints of the API speak of requests; here they speak of commands. */

/**
 * By method and the end of the path, names in it as `*`, which is the last of them in the command. What is not here
 * stays a request: no command makes it.
 */
export const COMMANDS: readonly (readonly [string, string])[] = [
  ['GET …/projects', 'berth projects list'],
  ['POST …/projects', 'berth projects create'],
  ['GET …/services', 'berth ps'],
  ['POST …/services', 'berth up'],
  ['GET …/environments', 'berth env list'],
  ['GET …/destroyed-environments', 'berth env list --destroyed'],
  ['POST …/wake', 'berth env wake'],
  ['PATCH …/environments/*', 'berth env extend *'],
  ['POST …/clone', 'berth env clone *'],
  ['POST …/uploads', 'berth build'],
  ['POST …/builds', 'berth build'],
  ['GET …/versions', 'berth versions'],
  ['GET …/deployments', 'berth releases'],
  ['POST …/deployments', 'berth deploy'],
  ['POST …/restart', 'berth restart'],
  ['POST …/start', 'berth start'],
  ['POST …/stop', 'berth stop'],
  ['PUT …/scale', 'berth scale'],
  ['POST …/runs', 'berth run'],
  ['GET …/jobs', 'berth jobs list'],
  ['PUT …/jobs/*', 'berth jobs set *'],
  ['GET …/domains', 'berth domains list'],
  ['GET …/logs', 'berth logs'],
  ['GET …/drains', 'berth drains list'],
  ['GET …/variables', 'berth config list'],
  ['PUT …/variables/*', 'berth config set *=value'],
  ['GET …/secrets', 'berth secrets list'],
  ['PUT …/secrets/*', 'berth secrets set *'],
  ['GET …/build-secrets', 'berth build-secrets list'],
  ['PUT …/build-secrets/*', 'berth build-secrets set *'],
  ['GET …/registries', 'berth registries list'],
  ['PUT …/registries/*', 'berth registries set * --username <name>'],
  ['PUT …/masking', 'berth masking set'],
  ['PUT …/pipeline', 'berth pipeline set'],
  ['GET …/promotions', 'berth pipeline promotions'],
  ['PUT …/connection', 'berth connect'],
  ['POST …/connection/rotate', 'berth connection rotate'],
  ['GET …/deliveries', 'berth deliveries list'],
  ['GET …/previews', 'berth previews list'],
  ['GET …/alerts', 'berth alerts list'],
  ['GET …/alerts?state=firing', 'berth alerts list'],
  ['GET …/alert-silences', 'berth alerts silences'],
  ['GET …/traces', 'berth traces'],
  ['GET …/cost', 'berth cost'],
  ['GET …/members', 'berth members list'],
  ['POST …/tokens', 'berth tokens create'],
  ['GET …/places', 'berth places list'],
  ['GET …/recipes', 'berth recipes list'],
  ['GET …/recipes/*', 'berth recipes show *'],
  ['POST …/recipe-checks', 'berth recipes check'],
  ['GET …/me', 'berth whoami'],
];

/** A request as hints name it: `POST /v1/projects/shop/services`, `PUT …/secrets/KEY`, `GET .../resources`. */
const REQUEST = /\b(GET|POST|PUT|PATCH|DELETE) ((?:\/v1|\.\.\.|…)\/[^\s,;"'`)]*[^\s,;.:"'`)])/g;

/** The names in the last parts of a path, such as a secret's, may be anything. */
const named = (path: string): string[] => {
  const parts = path.split('/');
  const whole = `…/${parts.slice(-2).join('/')}`;
  return [`…/${parts.at(-1)}`, whole, `…/${parts.at(-2)}/*`];
};

/** The command that makes a request; undefined where there is none. */
export function commandFor(method: string, path: string): string | undefined {
  for (const name of named(path)) {
    const found = COMMANDS.find(([request]) => request === `${method} ${name}`);
    if (found) return found[1].replace('*', path.split('/').at(-1) ?? '');
  }
  return undefined;
}

/** A hint with its requests replaced by the commands that make them. */
export const inCommands = (hint: string): string =>
  hint.replaceAll(REQUEST, (request, method: string, path: string) => {
    const command = commandFor(method, path);
    return command === undefined ? request : `\`${command}\``;
  });

/** Members of requests whose option has another name. */
const OPTIONS: Readonly<Record<string, string>> = {
  delayMs: 'delay',
  duration: 'for',
  environment: 'env',
  environments: 'envs',
  expiresIn: 'expires',
  stopAtErrorPercent: 'stop-at',
  tail: 'lines',
  timeZone: 'zone',
};

/** Where in a request something is: `query.tail`, `body.faults[0].delayMs`. */
const PLACE = /\b(?:query|path|body)\.(?:\w+\[\d+\]\.)?(\w+)(?:\[\d+\])?/g;

/**
 * What is wrong with a request, by the options that it was made of.
 * @param options of the command, such as `--lines`
 */
export const inOptions = (what: string, options: readonly string[]): string =>
  what.replace(/^The request is not valid: /, '').replaceAll(PLACE, (_, name: string) => {
    const option = `--${OPTIONS[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return options.includes(option) ? option : name;
  });
