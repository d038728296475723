/** The account that servers run as: PostgreSQL refuses to run as root, and no other should. */
import { readFile, stat } from 'node:fs/promises';
import { Problem } from '../../core/problem.ts';

export interface Account {
  uid: number;
  gid: number;
}

/** In the order of preference; the second is macOS's. */
const NAMES = ['postgres', '_postgres', 'nobody'];

/**
 * Undefined when this process is not root: the server then runs as the same user. As root it is the owner of
 * the data where there are any, else the first system account that exists.
 * @throws Problem unavailable
 */
export async function serverAccount(data: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(data).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of NAMES) {
    const [, , uid, gid] =
      accounts
        .split('\n')
        .find((line) => line.startsWith(`${name}:`))
        ?.split(':') ?? [];
    if (Number(uid) !== 0 && Number.isInteger(Number(gid)) && uid !== undefined) {
      return { uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new Problem('unavailable', 'The server can not start: it does not run as root.', {
    hint: `Start Berth as an ordinary user, or make a system account "${NAMES[0]}" for the server.`,
  });
}
