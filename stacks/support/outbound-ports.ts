/** Where functions that are in a network have to get out to, beside AWS. */
import type { Settings } from './settings.ts';

const HTTPS = 443;

/** @returns TCP ports beside 443 of what the settings name: a database of others, Vault, GitHub and the issuer */
export function outboundPorts({ database, vault, githubAppApi, issuer }: Settings): number[] {
  const ofUrls = [vault, githubAppApi, issuer].flatMap((url) =>
    url === undefined ? [] : [Number(new URL(url).port || HTTPS)],
  );
  const ofDatabase = database === 'new' ? [] : [Number(database.split(':')[1])];
  return [...new Set([...ofDatabase, ...ofUrls])].filter((port) => port !== HTTPS);
}
