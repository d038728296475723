/** The GitHub App's settings, and the files that they name. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createReceivers } from '../../../functions/adapters/outgoing/receivers.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import { ConfigError, readConfig } from '../../../functions/hosts/machine/config/config.ts';
import { connectGitHubApp } from '../../../functions/hosts/machine/connect-github-app.ts';
import { APP_KEY, APP_SECRET } from '../../api/connections/played-app.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const given = {
  BERTH_GITHUB_APP_ID: '123456',
  BERTH_GITHUB_APP_KEY_FILE: '/keys/app.pem',
  BERTH_GITHUB_APP_WEBHOOK_SECRET_FILE: '/keys/webhook',
};

it('go together, and are of github.com unless the API of a server is named', () => {
  expect(readConfig({}).githubApp).toBeUndefined();
  expect(readConfig(given).githubApp).toEqual({
    id: '123456',
    keyFile: '/keys/app.pem',
    secretFile: '/keys/webhook',
    api: 'https://api.github.com',
  });
  const server = 'https://github.example.com/api/v3';
  expect(readConfig({ ...given, BERTH_GITHUB_APP_API: server }).githubApp?.api).toBe(server);
  for (const name of Object.keys(given))
    expect(() => readConfig({ ...given, [name]: undefined }), name).toThrow(ConfigError);
  for (const api of ['github.example.com', `${server}/`, `${server}?x=1`, 'https://a@b.example.com'])
    expect(() => readConfig({ ...given, BERTH_GITHUB_APP_API: api }), api).toThrow(/BERTH_GITHUB_APP_API/);
});

it('are refused at the start where a file holds no private key, or no secret that is long enough', async () => {
  const directory = makeDirectory();
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const ports = { receivers: createReceivers(), effects: createEffects() };
  const connect = (key: string, secret: string) =>
    connectGitHubApp(
      {
        id: '1',
        api: 'https://api.github.com',
        keyFile: file('key', key),
        secretFile: file('secret', secret),
      },
      ports,
    );
  const app = await connect(APP_KEY, `${APP_SECRET}\n`);
  expect(await app.secrets()).toEqual([APP_SECRET]);
  // As while a new secret is written: what is signed with nothing is not taken.
  file('secret', '');
  expect(await app.secrets()).toEqual([]);
  await expect(connect('no key', APP_SECRET)).rejects.toThrow(/BERTH_GITHUB_APP_KEY_FILE/);
  await expect(connect(APP_KEY, 'short')).rejects.toThrow(/BERTH_GITHUB_APP_WEBHOOK_SECRET_FILE/);
});
