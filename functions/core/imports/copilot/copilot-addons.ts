/** Addons of a service of Copilot: templates of CloudFormation, known by what `copilot storage init` writes. */

import { isVariable, nameFor } from '../draft.ts';
import type { CopilotApp, CopilotService } from './copilot.ts';

const ADDON = /^(?:.*\/)?copilot\/([^/]{1,255})\/addons\/([^/]{1,255})\.ya?ml$/;

/** `demoClusterSecret` as Copilot names the variable of an output: `DEMO_CLUSTER_SECRET`. */
const variableOf = (output: string): string =>
  output.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();

export function readAddons(
  { draft, files }: CopilotApp,
  each: CopilotService,
  types: ReadonlySet<string>,
): void {
  const { service, container, key } = each;
  for (const [path, text] of files) {
    const [, owner, file = ''] = ADDON.exec(path) ?? [];
    if ((owner !== key && owner !== 'environments') || /^addons\.parameters$/.test(file)) continue;
    const isPostgres = /^\s*Engine:\s*['"]?(?:aurora-postgresql|postgres)\b/m.test(text);
    if (/AWS::RDS::DB(?:Cluster|Instance)\b/.test(text) && isPostgres && types.has('postgres')) {
      if (owner !== key) continue;
      const resource = nameFor(file);
      service.resources[resource] = { type: 'postgres', id: resource };
      const output = /^ {2}([A-Za-z0-9]{1,200}Secret):\s*(?:#.*)?$/m.exec(
        text.slice(text.indexOf('\nOutputs:') + 1),
      )?.[1];
      const name = variableOf(output ?? `${file.replaceAll(/[^A-Za-z0-9]/g, '')}Secret`);
      const of = (part: string) => `\${resources.${resource}.${part}}`;
      // The secret of Aurora is an object of JSON in one variable: so it is here, too.
      if (isVariable(name))
        container.variables[name] =
          `{"engine":"postgres","host":"${of('host')}","port":${of('port')},"dbname":"${of('name')}","username":"${of('username')}","password":"${of('password')}"}`;
      draft.say(
        'note',
        service.name,
        `the database of ${file}.yml becomes a resource`,
        'Each environment gets one of its own. Its data: dump it there, and restore it after the first deployment.',
      );
      continue;
    }
    const made = [
      ...new Set(
        [
          ...text.matchAll(
            /Type:\s*['"]?(AWS::(?:S3|DynamoDB|SQS|SNS|RDS|ElastiCache|OpenSearchService)::[A-Za-z]{1,40})/g,
          ),
        ].map(([, type]) => type),
      ),
    ];
    if (made.length > 0)
      draft.say(
        'edit',
        owner === key ? service.name : 'environments',
        `addons/${file}.yml, with ${made.slice(0, 10).join(', ')}`,
        'Berth makes none of it: keep it where it is, and give the service its address and credentials as secrets.',
      );
    else
      draft.say(
        'note',
        owner === key ? service.name : 'environments',
        `addons/${file}.yml`,
        'Berth reads no templates: what it makes has to be there.',
      );
  }
}
