/** The parts of the Score reference that come from the code: resource types, and Berth's annotations. */
import * as z from 'zod';
import { readSettings } from '../../functions/core/score/settings.ts';
import { resourceTypes } from '../../functions/resources/index.ts';
import type { ResourceType } from '../../functions/resources/type.ts';
import { table } from './table.ts';

interface Setting {
  takes: string;
  without: string;
  meaning: string;
}

/** Descriptions of the settings by name; a test compares the names with those that the code knows. */
export const settings: Readonly<Record<string, Setting>> = {
  'berth.dev/release-command': {
    takes: 'a command line, up to 4096 characters',
    without: 'the `release` line of a Procfile, else none',
    meaning:
      'Runs once before each deployment takes traffic, with the image, variables, files and volumes of the first container. No shell: quotes work, `$NAME` expands, pipes and the like are refused.',
  },
  'berth.dev/variables': {
    takes: '`all`',
    without: 'those that the file names; without a `score.yaml`, `all`',
    meaning:
      'Each container gets all variables and secrets of the environment by their names, beside those that it has itself. `PORT` is not among them.',
  },
  'berth.dev/replicas': { takes: '1 to 20', without: '1', meaning: 'How many run.' },
  'berth.dev/max-replicas': {
    takes: '`replicas` to 20',
    without: 'the same as `replicas`',
    meaning: 'How far it may scale. On one machine nothing scales by itself.',
  },
  'berth.dev/processes': {
    takes: 'up to 10 containers of the file, each with 0 to 20 replicas: `worker=2, clock=1`',
    without:
      'the lines of a Procfile beside `web` and `release`, one replica each, where there is no `score.yaml`; else none',
    meaning:
      'These containers run [apart](../how-to/run-a-service.md#processes), in so many replicas of their own, without ports. The other containers together are `web`. 1 without a number.',
  },
  'berth.dev/dockerfile': {
    takes: 'a path from the folder of the file: `docker/Dockerfile.web`',
    without: '`Dockerfile`',
    meaning: 'What the image is built by. The folder of the Score file is the context all the same.',
  },
  'berth.dev/build-target': {
    takes: 'the name of a stage of the Dockerfile',
    without: 'the last stage',
    meaning: 'The stage that is the image.',
  },
  'berth.dev/build-args': {
    takes: "words `NAME=value`, up to 4096 characters: `NODE_VERSION=22 'GREETING=Good day'`",
    without: 'the defaults of the Dockerfile',
    meaning: 'Values of `ARG`. They are in the image and in its history: what is secret is a build secret.',
  },
  'berth.dev/strategy': {
    takes: '`rolling`, `recreate`, `canary`, `blue-green`',
    without: '`rolling`',
    meaning:
      '`recreate` stops the old one first; on one machine it is rolling all the same. [`canary`](../how-to/canary.md) gives ' +
      'the new version a growing share of the requests, `blue-green` none until its checks have passed and then all; in a ' +
      'cluster by kubeconfig both need `BERTH_GATEWAY_METRICS`.',
  },
  'berth.dev/affinity': {
    takes: '`cookie`',
    without: 'any replica takes each request',
    meaning:
      'A client is kept with the replica that answered it first, by a cookie, for programs that keep sessions in memory. ' +
      'Where that replica has gone, another one of the same version has it, then any. A canary has its share of new clients. ' +
      'On one machine alone: in a cluster it is refused.',
  },
  'berth.dev/progress-deadline-seconds': {
    takes: '5 to 900',
    without: '120',
    meaning: 'How long a rollout may take before it fails.',
  },
  'berth.dev/min-ready-seconds': {
    takes: '0 to less than the progress deadline',
    without: '2',
    meaning:
      'How long a new version has to stay ready while the one before still serves: one that ends soon after its start ' +
      'never takes its place. A rollback does not wait, and on one machine neither does a first deployment.',
  },
  'berth.dev/steps': {
    takes: 'up to 10 shares that grow, each with a duration or `hold`: `10% 2m, 50% hold`',
    without: '`10% 2m, 50% 2m`',
    meaning:
      'Of a canary: how many of the requests it has, and how long; `hold` waits until a person goes on.',
  },
  'berth.dev/bake-seconds': {
    takes: '1 to 3600',
    without: '60 where anything is checked, or with `canary` and `blue-green`',
    meaning:
      'How long the new version has all requests, and is checked, before what served is let go. Until then it is taken back at once.',
  },
  'berth.dev/max-error-rate': {
    takes: 'a share, such as `2%`',
    without: '`5%` with `canary` and `blue-green`, else none',
    meaning:
      'The new version is taken back when more of its answers have a status of 500 or more, unless what serves does no better.',
  },
  'berth.dev/max-p99': {
    takes: 'a time, such as `500ms` or `2s`',
    without: 'none',
    meaning: 'The same when 99 of 100 of its requests take longer, unless what serves takes as long.',
  },
  'berth.dev/min-requests': {
    takes: '1 to 9999',
    without: '50',
    meaning:
      'With fewer requests in a step its figures count for nothing yet. At the end of the last step they count as they are.',
  },
  'berth.dev/check-url': {
    takes: 'a path of the service, such as `/healthz`',
    without: 'none',
    meaning:
      'Berth asks the new version itself for it at the start of each step, up to three times. Any status from 400 on, and no answer in 10 seconds, takes it back.',
  },
  'berth.dev/check-command': {
    takes: 'a command line, as `release-command`',
    without: 'none',
    meaning:
      'Runs at the start of each step with the image and variables of the new version; an exit code other than 0 takes it back.',
  },
  'berth.dev/check-webhook': {
    takes: 'an https address',
    without: 'none',
    meaning:
      'Is sent the figures at the end of each step, by POST as JSON; any status from 400 on takes the version back.',
  },
  'berth.dev/warm-seconds': {
    takes: '0 to 3600',
    without: '900; with `recreate`, and without service ports, 0',
    meaning:
      'How long what is replaced runs on without requests, so that a rollback to it is a switch. It uses what its replicas use.',
  },
  'berth.dev/keep-failed-seconds': {
    takes: '0 to 3600',
    without: '0',
    meaning: 'How long a version that failed runs on without requests, to be looked at.',
  },
  'berth.dev/drain-seconds': {
    takes: '0 to 3600',
    without: '30; with `recreate` 5',
    meaning:
      'How long requests in flight keep a replica that is replaced or stopped. It hears `SIGTERM` after them; in a ' +
      'cluster, where nobody counts them, when that time is over. 10 seconds later it is ended.',
  },
};

/** Names of the annotations that the code knows, from its own refusal of one that it does not know. */
export function knownSettings(): string[] {
  const { faults } = readSettings({ 'berth.dev/': '' });
  return [...(faults[0]?.message ?? '').matchAll(/berth\.dev\/[a-z0-9-]+/g)].map(([name]) => name);
}

export const settingsText = (): string =>
  table(
    ['annotation', 'takes', 'without it', 'meaning'],
    knownSettings().map((name) => {
      const { takes, without, meaning } = settings[name]!;
      return [`\`${name}\``, takes, without, meaning];
    }),
  );

/** The params that a type takes, and those of them that it needs. */
export function paramsOf({ params }: ResourceType): { name: string; required: boolean; summary: string }[] {
  const schema = z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' });
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    required: required.has(name),
    summary: (typeof property === 'object' && property.description) || '',
  }));
}

function typeText(type: ResourceType): string {
  const params = paramsOf(type).map(({ name, required, summary }) => [
    `\`${name}\``,
    required ? 'yes' : 'no',
    summary,
  ]);
  const outputs =
    typeof type.outputs === 'string'
      ? `Outputs: ${type.outputs}`
      : table(
          ['output', 'secret', 'what it is'],
          Object.entries(type.outputs).map(([name, { secret, summary }]) => [
            `\`${name}\``,
            secret ? 'yes' : 'no',
            summary,
          ]),
        );
  return [
    `### ${type.type}`,
    type.summary,
    type.owned
      ? 'What it makes is kept until the environment is destroyed.'
      : 'It makes nothing of its own, and so leaves nothing behind.',
    params.length > 0 ? table(['param', 'needed', 'what it is'], params) : 'It takes no params.',
    outputs,
  ].join('\n\n');
}

export const resourceTypesText = (): string => resourceTypes.map(typeText).join('\n\n');
