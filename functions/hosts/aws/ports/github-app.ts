/** The GitHub App, with its private key and the secret of its webhook in Secrets Manager. */
import * as z from 'zod';
import { createGitHubApp } from '../../../adapters/outgoing/github-app.ts';
import type { GitHubApp } from '../../../ports/github-app.ts';
import type { Ports } from '../../../ports/index.ts';
import type { AwsConfig } from '../aws-config.ts';
import { readSecret } from './secrets.ts';

const kept = z.object({ privateKey: z.string().min(1), webhookSecret: z.string().min(16) });

/** What was read is good for this long, so that a new key is used soon after it is there. Milliseconds. */
const READ_MS = 5 * 60 * 1000;

export function openGitHubApp(
  config: AwsConfig,
  { id, api, secret }: NonNullable<AwsConfig['githubApp']>,
  { receivers, effects }: Pick<Ports, 'receivers' | 'effects'>,
): GitHubApp {
  let known: { until: number; values: Promise<z.output<typeof kept>> } | undefined;
  const read = (): Promise<z.output<typeof kept>> => {
    if (known && known.until > effects.now()) return known.values;
    const values = readSecret(config, secret).then((text) => kept.parse(JSON.parse(text)));
    const entry = { until: effects.now() + READ_MS, values };
    known = entry;
    values.catch(() => {
      if (known === entry) known = undefined;
    });
    return values;
  };
  return createGitHubApp({
    id,
    api,
    key: async () => (await read()).privateKey,
    secrets: async () => [(await read()).webhookSecret],
    ask: receivers.ask,
    now: effects.now,
  });
}
