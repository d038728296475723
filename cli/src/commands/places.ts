/** `places`: the clusters that environments can be in, for those who run Berth. */
import type { Command } from 'commander';
import { body } from '../api.ts';
import { Failure } from '../failure.ts';
import { ago, say, sayJson, table } from '../output.ts';
import { confirm } from '../prompt.ts';
import { openSession } from '../session.ts';

interface Rules {
  label?: string[];
  projects?: string[];
  environments?: string[];
  default?: boolean;
  databases?: boolean;
}

interface AddOptions extends Rules {
  domain: string;
  context?: string;
  eks?: string;
  region?: string;
  role?: string;
}

const PLACE = '/v1/places/{place}';

/** `key=value` by their keys. @throws Failure */
export function labelsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, key, value] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (key !== undefined && value !== undefined) return [key, value];
      throw new Failure(`"${pair}" is no label.`, 'Write it as key=value.');
    }),
  );
}

const rulesOf = ({ label, projects, environments, default: isDefault, databases }: Rules) => ({
  ...(label && { labels: labelsOf(label) }),
  ...(projects && { projects }),
  ...(environments && { environments }),
  ...(isDefault && { default: true as const }),
  ...(databases !== undefined && { databases }),
});

const withRules = (command: Command): Command =>
  command
    .option('--label <key=value...>', 'labels by which environments may ask for it')
    .option('--projects <names...>', 'only these projects may use it, with * for any text')
    .option('--environments <names...>', 'only environments of these names may be in it')
    .option('--default', 'environments that ask for no place come here')
    .option('--databases', 'workloads there reach the databases of this Berth');

/** @throws Failure where neither or both ways are given */
function accessOf({ context, eks, region, role }: AddOptions) {
  if (context !== undefined && eks === undefined) return { kind: 'kubeconfig' as const, context };
  if (context === undefined && eks !== undefined && region !== undefined && role !== undefined)
    return { kind: 'eks' as const, cluster: eks, region, role };
  throw new Failure(
    'It is not said how the cluster is reached.',
    'Give --context of the kubeconfig, or --eks with --region and --role.',
  );
}

export function addPlaces(program: Command): void {
  const places = program.command('places').description('Clusters that environments can be in');

  places
    .command('list')
    .description('Show all with their state')
    .action(async (_: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const { items } = await body(api.GET('/v1/places'));
      if (json) return sayJson(items);
      const rows = items.map((each) => [
        each.name + (each.default ? ' *' : ''),
        each.state,
        ago(each.since),
        each.domain,
        Object.entries(each.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
        each.reason,
      ]);
      return table(['NAME', 'STATE', 'SINCE', 'DOMAIN', 'LABELS', 'WHY'], rows);
    });

  places
    .command('show')
    .argument('<name>')
    .description('Show one')
    .action(async (place: string, _: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const shown = await body(api.GET(PLACE, { params: { path: { place } } }));
      if (json) return sayJson(shown);
      for (const [member, value] of Object.entries(shown))
        say(`${member.padEnd(14)} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
      return undefined;
    });

  withRules(
    places
      .command('add')
      .argument('<name>')
      .description('Add a cluster')
      .requiredOption('--domain <domain>', 'workloads there are served under it')
      .option('--context <name>', 'a context of the kubeconfig that Berth has')
      .option('--eks <cluster>', 'an EKS cluster')
      .option('--region <region>', 'of the EKS cluster')
      .option('--role <arn>', 'the role in the account of the EKS cluster'),
  ).action(async (name: string, options: AddOptions, command: Command) => {
    const { api, json } = openSession(command);
    const { domain } = options;
    const place = await body(
      api.POST('/v1/places', { body: { name, domain, access: accessOf(options), ...rulesOf(options) } }),
    );
    if (json) sayJson(place);
  });

  withRules(
    places
      .command('change')
      .argument('<name>')
      .description('Change its labels or who may use it')
      .option('--domain <domain>', 'workloads there are served under it'),
  ).action(async (place: string, options: Rules & { domain?: string }, command: Command) => {
    const { api, json } = openSession(command);
    const { domain } = options;
    const changed = await body(
      api.PATCH(PLACE, {
        params: { path: { place } },
        body: { ...(domain !== undefined && { domain }), ...rulesOf(options) },
      }),
    );
    if (json) sayJson(changed);
  });

  places
    .command('remove')
    .argument('<name>')
    .description('Remove one that no environment is in; nothing in its cluster is touched')
    .action(async (place: string, _: unknown, command: Command) => {
      const { api, yes } = openSession(command);
      await confirm(`This removes the place ${place}.`, place, yes);
      await api.DELETE(PLACE, { params: { path: { place } } });
    });
}
